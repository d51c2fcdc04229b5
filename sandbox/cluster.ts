import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import { CommandFailure, output, waitFor } from './commands.ts';
import type { SandboxSettings } from './options.ts';
import { SandboxFailure } from './problems.ts';
import type { Space } from './space.ts';
import { readManifests } from './workload.ts';

/** How long a part may take on a slow machine, in milliseconds; one that failed says so earlier by its log. */
const slowMachine = 300_000;

/** What talks to one sandbox's API server as its administrator. */
export class Cluster {
  readonly #controlPlane: Space;
  readonly #kubectl: string;
  readonly #kubeconfig: string;

  constructor(controlPlane: Space, kubectl: string, kubeconfig: string) {
    this.#controlPlane = controlPlane;
    this.#kubectl = kubectl;
    this.#kubeconfig = kubeconfig;
  }

  /** Runs kubectl in the control plane's network and returns its output. Throws CommandFailure. */
  kubectl(argumentList: readonly string[], options: { input?: string; deadline?: number } = {}): Promise<string> {
    const command = [this.#kubectl, `--kubeconfig=${this.#kubeconfig}`, ...argumentList];
    return output([...this.#controlPlane.enter(['net']), ...command], { deadline: 60_000, ...options });
  }

  /** The same, undefined where it fails. */
  async #try(argumentList: readonly string[]): Promise<string | undefined> {
    try {
      return await this.kubectl(argumentList, { deadline: 10_000 });
    } catch (error) {
      if (error instanceof CommandFailure) return undefined;
      throw error;
    }
  }

  async waitUntilReady(): Promise<void> {
    await waitFor(
      async () => ((await this.#try(['get', '--raw', '/readyz'])) === 'ok' ? true : undefined),
      slowMachine,
      () => notComing('The API server does not become ready', 'kube-apiserver.log'),
    );
  }

  /** Whether the API server says that it is well. */
  async isReady(): Promise<boolean> {
    return (await this.#try(['get', '--raw', '/readyz'])) === 'ok';
  }

  /** The ranges that the controllers gave to a node's pods, one of each family. */
  podRangesOf(node: string): Promise<string[]> {
    return waitFor(
      async () => {
        const ranges = await this.#try(['get', 'node', node, '-o', 'jsonpath={.spec.podCIDRs[*]}']);
        return ranges ? ranges.split(' ') : undefined;
      },
      slowMachine,
      () => notComing(`${node} does not register`, `${node}-kubelet.log`),
    );
  }

  /** Applies DNS and workload. `folder` gets the manifests as they were applied. */
  async applyManifests(settings: SandboxSettings, plan: AddressPlan, folder: string): Promise<void> {
    const file = path.join(folder, 'manifests.yaml');
    await writeFile(file, await readManifests(settings, plan));
    for (const namespace of ['default', 'kube-system']) await this.#serviceAccountOf(namespace);
    // The first pass makes the namespaces; pods need the service account that follows them.
    const apply = ['apply', '--server-side', '--force-conflicts', '-f', file];
    const result = await this.#try(apply);
    for (const namespace of ['webshop', 'infra', 'dev', 'restricted']) await this.#serviceAccountOf(namespace);
    if (result === undefined) await this.kubectl(apply);
  }

  #serviceAccountOf(namespace: string): Promise<string> {
    return waitFor(
      () => this.#try(['-n', namespace, 'get', 'serviceaccount', 'default', '-o', 'name']),
      slowMachine,
      () => notComing(`Namespace ${namespace} gets no service account`, 'kube-controller-manager.log'),
    );
  }

  /** Waits for nodes and for every pod of the workload but the one that always crashes. */
  async waitForWorkload(): Promise<void> {
    await this.#waiting(['wait', '--for=condition=Ready', 'node', '--all']);
    const rollouts = [
      ['kube-system', 'deployment/coredns'],
      ['webshop', 'deployment/orders'],
      ['webshop', 'statefulset/ledger'],
      ['webshop', 'deployment/catalog-images'],
      ['infra', 'deployment/inventory'],
      ['infra', 'deployment/echo'],
      ['dev', 'deployment/api'],
    ];
    for (const [namespace, name] of rollouts) {
      await this.#waiting(['-n', `${namespace}`, 'rollout', 'status', `${name}`]);
    }
    await this.#waiting(['-n', 'infra', 'wait', '--for=condition=Ready', 'pod/toolbox']);
    // kube-proxy programs a node a moment after the pods are ready.
    await waitFor(
      () => this.#try(['-n', 'infra', 'exec', 'toolbox', '--', '/workload', 'get', 'http://orders.webshop/healthz']),
      slowMachine,
      () => notComing('A service is not reached by its name from a pod', 'node1-kube-proxy.log'),
      500,
    );
  }

  /** Runs a command of kubectl that waits by itself; that one knows better what it waited for than a deadline does. */
  async #waiting(command: readonly string[]): Promise<void> {
    await this.kubectl([...command, `--timeout=${slowMachine / 1000}s`], { deadline: slowMachine + 10_000 });
  }
}

function notComing(what: string, log: string): SandboxFailure {
  return new SandboxFailure({
    code: 'sandbox-component-failed',
    cause: `${what}.`,
    fix: `Read logs/${log} in the sandbox’s state folder (\`sandbox status\` names it), then run up again: it repairs.`,
  });
}
