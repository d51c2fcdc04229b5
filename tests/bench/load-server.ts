/** The far end of the load, in a pod of the sandbox: built here, sent in by `kubectl exec`, no image of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { must, type Place } from '../cluster/programs.ts';
import { workload } from '../cluster/workload.ts';
import type { Target } from './arms.ts';

const namespace = 'bench';
const pod = 'load';
const port = 9000;

/** Builds the load program for this machine, static so that it also runs in a pod; answers its path. */
export async function buildLoad(): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'slipway-bench-')), 'load');
  const sources = join(dirname(fileURLToPath(import.meta.url)), 'load');
  const here: Place = {
    enter: ['env', `--chdir=${sources}`],
    environment: { ...hostEnvironment(), CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
  };
  await must(here, ['go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', file, '.'], { deadline: 120_000 });
  return file;
}

/** The environment of this machine's own programs. */
export function hostEnvironment(): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) {
      variables[name] = value;
    }
  }
  return variables;
}

/** Starts the server in a fresh pod and answers how to reach it. */
export async function startLoadServer(sandbox: Sandbox, kubectl: string, load: string): Promise<Target> {
  const cluster = sandbox.cluster();
  await cluster.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true']);
  await cluster.kubectl(['create', 'namespace', namespace]);
  // The controller makes it a moment later, and a pod is refused without it.
  await cluster.kubectl(['wait', '-n', namespace, '--for=create', 'serviceaccount/default', '--timeout=60s']);
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(podManifest()) });
  await cluster.kubectl(['wait', '-n', namespace, '--for=condition=Ready', `pod/${pod}`, '--timeout=60s']);
  const send = `exec "$0" --kubeconfig "$1" exec -i -n ${namespace} ${pod} -- sh -c 'cat > /load.part && chmod 755 /load.part && mv /load.part /load' < "$2"`;
  const controlPlane: Place = { enter: sandbox.space('control-plane').enter(['net']), environment: hostEnvironment() };
  await must(controlPlane, ['sh', '-c', send, kubectl, sandbox.kubeconfig, load], { deadline: 60_000 });
  const listening = `until nc -w 1 127.0.0.1 ${port} < /dev/null; do sleep 0.1; done`;
  await cluster.kubectl(['exec', '-n', namespace, pod, '--', 'sh', '-c', listening]);
  const podAddress = await cluster.kubectl(['get', 'pod', '-n', namespace, pod, '-o', 'jsonpath={.status.podIP}']);
  return {
    namespace,
    pod,
    port,
    podAddress,
    podRange: (await cluster.podRangesOf('node1'))[0] ?? '',
    nodeAddress: sandbox.addresses.nodes[0] ?? '',
  };
}

function podManifest(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'load',
          image: workload.baseImage,
          imagePullPolicy: 'IfNotPresent',
          // tcp(7): a socket may choose a congestion control that is not among the allowed ones only with it.
          securityContext: { capabilities: { add: ['NET_ADMIN'] } },
          command: ['sh', '-c', `until [ -x /load ]; do sleep 0.1; done; exec /load serve --address :${port}`],
        },
      ],
    },
  };
}
