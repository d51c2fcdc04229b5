/** The measure of merging into the agent's pod is kubectl: the one that the sandbox is built with patches the same pod. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentJob } from '../../app/adapters/agent/manifest.ts';
import { usualShape } from '../../app/adapters/agent/pod-shape.ts';
import { strategicMerge } from '../../app/adapters/agent/strategic-merge.ts';
import { type JsonObject, noAgentPodChoices } from '../../app/contract/index.ts';
import { BuildCache } from '../../sandbox/build-cache.ts';
import { buildKubernetes } from '../../sandbox/go-builds.ts';
import { cacheFolder } from '../../sandbox/options.ts';

const template = agentJob({
  name: 'slipway-agent-1',
  namespace: 'team',
  image: 'base:1',
  contained: false,
  firstDeadlineSeconds: 60,
  shape: usualShape,
  choices: noAgentPodChoices,
  placing: 'p1',
  idleSeconds: 0,
  expirySeconds: 0,
  keepSeconds: 0,
}).spec?.template;
const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...template?.metadata, name: 'x' } };

let kubectl = '';
let folder = '';
beforeAll(async () => {
  kubectl = join(await buildKubernetes(new BuildCache(cacheFolder()), () => {}), 'kubectl');
  folder = await mkdtemp(join(tmpdir(), 'slipway-merge-'));
  await writeFile(join(folder, 'pod.json'), JSON.stringify(pod));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const volume = { name: 'extra', emptyDir: {} };
test.each<[string, JsonObject]>([
  ['labels beside ours, and one that goes', { metadata: { labels: { team: 'pay', 'linkerd.io/inject': null } } }],
  ['tolerations, which are replaced as a whole', { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } }],
  ['pull secrets, merged by name', { spec: { imagePullSecrets: [{ name: 'one' }, { name: 'two' }] } }],
  ['a node selector beside ours', { spec: { nodeSelector: { pool: 'dev' } } }],
  ['a volume beside ours', { spec: { volumes: [volume] } }],
  [
    'resources, environment and a mount of the agent by its name',
    {
      spec: {
        containers: [
          {
            name: 'agent',
            resources: { limits: { cpu: '1' }, requests: { memory: null } },
            env: [{ name: 'A', value: 'b' }],
            volumeMounts: [{ mountPath: '/extra', name: 'extra' }],
            livenessProbe: { tcpSocket: { port: 8723 } },
          },
        ],
        volumes: [volume],
      },
    },
  ],
  [
    'a container beside the agent',
    { spec: { containers: [{ name: 'proxy', image: 'proxy:1', ports: [{ containerPort: 1 }] }] } },
  ],
  ['users', { spec: { securityContext: { runAsUser: 1000630000, runAsGroup: null, fsGroup: null } } }],
  ['sysctls, which are replaced', { spec: { securityContext: { sysctls: [] } } }],
  [
    'affinity, whose terms are replaced',
    {
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['x'] }] }],
            },
          },
        },
      },
    },
  ],
  [
    'aliases by address and spreading by key',
    {
      spec: {
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
        topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }],
      },
    },
  ],
  ['a priority class and a runtime class', { spec: { priorityClassName: 'dev', runtimeClassName: 'gvisor' } }],
  ['init containers', { spec: { initContainers: [{ name: 'wait', image: 'x', env: [{ name: 'A', value: 'b' }] }] } }],
])('%s', async (_, patch) => {
  const file = ['--local', '-f', join(folder, 'pod.json'), '-o', 'json'];
  const words = ['patch', ...file, '--type=strategic', '-p', JSON.stringify(patch)];
  const { stdout } = await promisify(execFile)(kubectl, words, { env: { HOME: folder } });
  // kubectl prints fields that a pod has and nobody set.
  const { status: _status, metadata, ...theirs } = JSON.parse(stdout);
  const { creationTimestamp: _created, ...rest } = metadata;
  expect(strategicMerge(pod, patch)).toEqual({ ...theirs, metadata: rest });
});
