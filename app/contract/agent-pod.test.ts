import { describe, expect, test } from 'vitest';
import { agentPodOf, changesOf, type JsonObject, noAgentPodChoices, objectionsTo, patchesOf } from './agent-pod.ts';
import { nothingChosen } from './settings.ts';

const withPatch = (patch: unknown) => ({ ...noAgentPodChoices, agentPodPatch: JSON.stringify(patch) });
const agent = (fields: JsonObject) => ({ spec: { containers: [{ name: 'agent', ...fields }] } });

test('what is chosen becomes a patch, and is shown', () => {
  const choices = {
    ...noAgentPodChoices,
    agentLabels: { team: 'pay' },
    agentNodeSelector: { pool: 'dev' },
    agentTolerations: ['dedicated=dev:NoSchedule', 'spot', '*'],
    agentPriorityClass: 'low',
    agentPullSecrets: ['registry'],
    agentRequests: { cpu: '100m' },
    agentPodPatch: '{"spec":{"runtimeClassName":"gvisor"}}',
  };
  expect(objectionsTo(choices)).toEqual([]);
  expect(patchesOf(choices)).toEqual([
    {
      metadata: { labels: { team: 'pay' } },
      spec: {
        nodeSelector: { pool: 'dev' },
        tolerations: [
          { key: 'dedicated', operator: 'Equal', value: 'dev', effect: 'NoSchedule' },
          { key: 'spot', operator: 'Exists' },
          { operator: 'Exists' },
        ],
        priorityClassName: 'low',
        imagePullSecrets: [{ name: 'registry' }],
        containers: [{ name: 'agent', resources: { requests: { cpu: '100m' } } }],
      },
    },
    { spec: { runtimeClassName: 'gvisor' } },
  ]);
  expect(changesOf(choices)).toContain('+ metadata.labels.team: "pay"');
  expect(changesOf(choices)).toContain('+ spec.containers[agent].resources.requests.cpu: "100m"');
});

test('nothing chosen changes nothing', () => {
  expect(patchesOf(noAgentPodChoices)).toEqual([]);
  expect(agentPodOf(nothingChosen)).toEqual(noAgentPodChoices);
});

test('values of variables are not shown, and what goes is', () => {
  const shown = changesOf(withPatch(agent({ env: [{ name: 'TOKEN', value: 'hunter2' }], livenessProbe: null })));
  expect(shown.join('\n')).not.toContain('hunter2');
  expect(shown).toContain('- spec.containers[agent].livenessProbe');
});

describe('what the agent stands on is not to be had', () => {
  test.each<[string, unknown]>([
    ['its command', agent({ command: ['sh'] })],
    ['its arguments', agent({ args: [] })],
    ['its image', agent({ image: 'mine' })],
    ['its end', { spec: { restartPolicy: 'Always' } }],
    ['its deadline', { spec: { activeDeadlineSeconds: 5 } }],
    ['its name', { metadata: { name: 'x' } }],
    ['the labels that it is found by', { metadata: { labels: { 'slipway.dev/agent': 'x' } } }],
    ['those of the Job controller', { metadata: { labels: { 'job-name': 'x' } } }],
    ['one of them taken away', { metadata: { labels: { 'app.kubernetes.io/name': null } } }],
    ['all of them taken away', { metadata: { labels: null } }],
    ['the node’s network', { spec: { hostNetwork: true } }],
    ['the node’s processes', { spec: { hostPID: true } }],
    ['the node’s files', { spec: { volumes: [{ name: 'x', hostPath: { path: '/' } }] } }],
    ['a token', { spec: { automountServiceAccountToken: true } }],
    ['a privileged agent', agent({ securityContext: { privileged: true } })],
    [
      'a privileged neighbour',
      { spec: { initContainers: [{ name: 'x', image: 'y', securityContext: { privileged: true } }] } },
    ],
    ['capabilities', agent({ securityContext: { capabilities: { add: ['NET_ADMIN'] } } })],
    ['root', { spec: { securityContext: { runAsUser: 0 } } }],
    ['maybe root', { spec: { securityContext: { runAsNonRoot: false } } }],
    ['no profile', agent({ securityContext: { seccompProfile: { type: 'Unconfined' } } })],
    ['all guards gone', agent({ securityContext: null })],
    ['its container gone', { spec: { containers: null } }],
    ['its folder', { spec: { volumes: [{ name: 'program', emptyDir: { medium: 'Memory' } }] } }],
    ['another file in its folder', agent({ volumeMounts: [{ mountPath: '/slipway/agent', name: 'x' }] })],
    ['what keeps it off its node', agent({ env: [{ name: 'SLIPWAY_HOST_IP', value: '1.2.3.4' }] })],
    ['a directive', { spec: { containers: [{ $patch: 'delete', name: 'agent' }] } }],
    ['a Deployment', { replicas: 2 }],
    ['a list', []],
    ['a text', 'x'],
  ])('%s', (_, patch) => {
    expect(objectionsTo(withPatch(patch)).length).toBeGreaterThan(0);
  });

  test.each<[string, unknown]>([
    ['probes', agent({ livenessProbe: { tcpSocket: { port: 8723 } } })],
    [
      'a user of the cluster’s',
      { spec: { securityContext: { runAsUser: 1000630000, fsGroup: null, runAsGroup: null } } },
    ],
    ['a service account without its token', { spec: { serviceAccountName: 'dev' } }],
    ['a runtime class', { apiVersion: 'v1', kind: 'Pod', spec: { runtimeClassName: 'gvisor' } }],
    [
      'a volume and its mount',
      {
        spec: {
          volumes: [{ name: 'x', emptyDir: {} }],
          containers: [{ name: 'agent', volumeMounts: [{ mountPath: '/x', name: 'x' }] }],
        },
      },
    ],
    ['a mesh that is wanted after all', { metadata: { annotations: { 'linkerd.io/inject': 'enabled' } } }],
  ])('but %s are', (_, patch) => {
    expect(objectionsTo(withPatch(patch))).toEqual([]);
  });
});

test('a toleration that is none', () => {
  expect(objectionsTo({ ...noAgentPodChoices, agentTolerations: ['a=b:Never'] })).toEqual([
    'a=b:Never is not a toleration: write it as key=value:NoSchedule',
  ]);
});
