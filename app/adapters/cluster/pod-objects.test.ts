/** Pods as `kubectl get pods` says them, with the reason beside. */
import { describe, expect, it } from 'vitest';
import { podOf } from './pod-objects.ts';

type Part = Record<string, unknown>;
const at = '2026-01-01T00:00:00Z';

const pod = ({ metadata = {}, spec = {}, status = {} }: { metadata?: Part; spec?: Part; status?: Part } = {}) => ({
  metadata: { name: 'orders-5d8f-x2x', namespace: 'webshop', creationTimestamp: at, ...metadata },
  spec: { nodeName: 'worker-1', containers: [{ name: 'app', image: 'orders:1' }], ...spec },
  status: { phase: 'Running', podIP: '10.244.1.5', podIPs: [{ ip: '10.244.1.5' }], ...status },
});
const running = { running: { startedAt: at } };
const waiting = (reason: string, message = '') => ({ waiting: { reason, message } });
const ended = (exitCode: number, reason = '', more: Part = {}) => ({
  terminated: { exitCode, reason, finishedAt: at, ...more },
});
const said = (state: unknown, more: Part = {}) => ({ name: 'app', ready: false, restartCount: 0, state, ...more });
const isReady = { type: 'Ready', status: 'True' };
const wellKnown = { conditions: [isReady], containerStatuses: [said(running, { ready: true })] };
const two = {
  containers: [
    { name: 'app', image: 'a' },
    { name: 'log', image: 'b' },
  ],
};
const init = (...names: string[]) => ({ initContainers: names.map((name) => ({ name, image: 'i' })) });
const sidecar = { initContainers: [{ name: 'mesh', image: 'm', restartPolicy: 'Always' }] };

describe('the status of a pod', () => {
  it.each<[string, ReturnType<typeof pod>, string, string, string]>([
    ['runs', pod({ status: wellKnown }), 'Running', 'ready', '1/1'],
    ['waits for a node', pod({ spec: { nodeName: '' }, status: { phase: 'Pending' } }), 'Pending', 'starting', '0/1'],
    [
      'is being made',
      pod({ status: { phase: 'Pending', containerStatuses: [said(waiting('ContainerCreating'))] } }),
      'ContainerCreating',
      'starting',
      '0/1',
    ],
    ['runs, and is not ready', pod({ status: { containerStatuses: [said(running)] } }), 'Running', 'starting', '0/1'],
    [
      'crashes',
      pod({
        status: {
          containerStatuses: [said(waiting('CrashLoopBackOff'), { lastState: ended(1, 'Error'), restartCount: 7 })],
        },
      }),
      'CrashLoopBackOff',
      'failing',
      '0/1',
    ],
    [
      'has no image',
      pod({ status: { phase: 'Pending', containerStatuses: [said(waiting('ImagePullBackOff'))] } }),
      'ImagePullBackOff',
      'failing',
      '0/1',
    ],
    [
      'has run out of memory',
      pod({ status: { containerStatuses: [said(ended(137, 'OOMKilled'))] } }),
      'OOMKilled',
      'failing',
      '0/1',
    ],
    [
      'ended without a reason',
      pod({ status: { phase: 'Failed', containerStatuses: [said(ended(3))] } }),
      'ExitCode:3',
      'failing',
      '0/1',
    ],
    [
      'ended by a signal',
      pod({ status: { phase: 'Failed', containerStatuses: [said(ended(137, '', { signal: 9 }))] } }),
      'Signal:9',
      'failing',
      '0/1',
    ],
    [
      'is done',
      pod({ status: { phase: 'Succeeded', containerStatuses: [said(ended(0, 'Completed'))] } }),
      'Completed',
      'done',
      '0/1',
    ],
    [
      'was evicted',
      pod({ status: { phase: 'Failed', reason: 'Evicted', message: 'low on resource: memory' } }),
      'Evicted',
      'failing',
      '0/1',
    ],
    [
      'is being deleted',
      pod({ metadata: { deletionTimestamp: at }, status: wellKnown }),
      'Terminating',
      'ending',
      '1/1',
    ],
    [
      'was on a lost node',
      pod({ metadata: { deletionTimestamp: at }, status: { reason: 'NodeLost' } }),
      'Unknown',
      'ending',
      '0/1',
    ],
    [
      'is over, and being deleted',
      pod({
        metadata: { deletionTimestamp: at },
        status: { phase: 'Succeeded', containerStatuses: [said(ended(0, 'Completed'))] },
      }),
      'Completed',
      'done',
      '0/1',
    ],
    [
      'is held back',
      pod({
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      }),
      'SchedulingGated',
      'starting',
      '0/1',
    ],
    [
      'has a container that is done beside one that runs',
      pod({
        spec: two,
        status: {
          conditions: [isReady],
          containerStatuses: [said(running, { ready: true }), said(ended(0, 'Completed'), { name: 'log' })],
        },
      }),
      'Running',
      'starting',
      '1/2',
    ],
    [
      'has that, and is not ready',
      pod({
        spec: two,
        status: { containerStatuses: [said(running, { ready: true }), said(ended(0, 'Completed'), { name: 'log' })] },
      }),
      'NotReady',
      'starting',
      '1/2',
    ],
    [
      'initialises',
      pod({
        spec: init('one', 'two'),
        status: {
          phase: 'Pending',
          initContainerStatuses: [
            said(ended(0, 'Completed'), { name: 'one' }),
            said(waiting('PodInitializing'), { name: 'two' }),
          ],
        },
      }),
      'Init:1/2',
      'starting',
      '0/1',
    ],
    [
      'cannot initialise',
      pod({
        spec: init('one'),
        status: {
          phase: 'Pending',
          initContainerStatuses: [said(waiting('CrashLoopBackOff'), { name: 'one', lastState: ended(2, 'Error') })],
        },
      }),
      'Init:CrashLoopBackOff',
      'failing',
      '0/1',
    ],
    [
      'failed to initialise',
      pod({
        spec: init('one'),
        status: { phase: 'Pending', initContainerStatuses: [said(ended(2, 'Error'), { name: 'one' })] },
      }),
      'Init:Error',
      'failing',
      '0/1',
    ],
    [
      'failed to, without a reason',
      pod({
        spec: init('one'),
        status: { phase: 'Pending', initContainerStatuses: [said(ended(2), { name: 'one' })] },
      }),
      'Init:ExitCode:2',
      'failing',
      '0/1',
    ],
    [
      'has a sidecar',
      pod({
        spec: sidecar,
        status: {
          ...wellKnown,
          conditions: [isReady, { type: 'Initialized', status: 'True' }],
          initContainerStatuses: [said(running, { name: 'mesh', ready: true, started: true })],
        },
      }),
      'Running',
      'ready',
      '2/2',
    ],
    [
      'waits for its sidecar',
      pod({ spec: sidecar, status: { phase: 'Pending', initContainerStatuses: [said(running, { name: 'mesh' })] } }),
      'Init:0/1',
      'starting',
      '0/2',
    ],
    ['is unknown to every kubelet', { ...pod(), status: undefined as never }, '', 'starting', '0/1'],
  ])('that %s is told as kubectl does', (_, object, status, health, ready) => {
    const made = podOf(object);
    expect([made?.status, made?.health, `${made?.ready}/${made?.total}`]).toEqual([status, health, ready]);
  });

  it('has its reasons: the cluster’s words, with the container and the exit code', () => {
    const reasonsOf = (object: unknown) =>
      podOf(object)?.reasons.map(({ container, word, exitCode, message }) => [container, word, exitCode, message]);
    const unschedulable = '0/2 nodes are available: 2 Insufficient cpu.';
    expect(
      reasonsOf(
        pod({
          status: {
            phase: 'Pending',
            conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: unschedulable }],
          },
        }),
      ),
    ).toEqual([['', 'Unschedulable', null, unschedulable]]);
    expect(
      reasonsOf(
        pod({
          status: {
            containerStatuses: [
              said(waiting('CrashLoopBackOff', 'back-off 5m0s'), { lastState: ended(137, 'OOMKilled') }),
            ],
          },
        }),
      ),
    ).toEqual([
      ['app', 'CrashLoopBackOff', 137, 'back-off 5m0s'],
      ['app', 'OOMKilled', 137, ''],
    ]);
    expect(reasonsOf(pod({ status: { phase: 'Failed', reason: 'Evicted', message: 'disk' } }))).toEqual([
      ['', 'Evicted', null, 'disk'],
    ]);
    const gated = { readinessGates: [{ conditionType: 'target-health.elbv2.k8s.aws/x' }] };
    expect(reasonsOf(pod({ spec: gated, status: wellKnown }))).toEqual([
      ['', 'target-health.elbv2.k8s.aws/x', null, ''],
    ]);
    expect(podOf(pod({ spec: gated, status: { ...wellKnown, conditions: [] } }))?.health).toBe('starting');
  });
});

describe('a pod', () => {
  it('has addresses of both families, and those of its node where it shares the network', () => {
    const both = podOf(
      pod({
        spec: { hostNetwork: true },
        status: { podIPs: [{ ip: '10.0.0.3' }, { ip: 'FD00:0:0::3' }], podIP: '10.0.0.3' },
      }),
    );
    expect(both).toMatchObject({ addresses: ['10.0.0.3', 'fd00::3'], hostNetwork: true });
    expect(podOf(pod({ status: { phase: 'Pending', podIP: undefined, podIPs: undefined } }))?.addresses).toEqual([]);
    expect(podOf(pod({ status: { podIP: '$(reboot)', podIPs: [{ ip: 'no' }] } }))?.addresses).toEqual([]);
  });

  it.each<[string, Part, unknown]>([
    [
      'a Deployment by the hash of its template',
      {
        labels: { 'pod-template-hash': '5d8f' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'orders-5d8f', controller: true }],
      },
      { kind: 'Deployment', name: 'orders' },
    ],
    [
      'a ReplicaSet of nobody',
      { ownerReferences: [{ kind: 'ReplicaSet', name: 'orders-5d8f', controller: true }] },
      { kind: 'ReplicaSet', name: 'orders-5d8f' },
    ],
    [
      'one whose hash is another’s',
      {
        labels: { 'pod-template-hash': 'zzzz' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'orders-5d8f', controller: true }],
      },
      { kind: 'ReplicaSet', name: 'orders-5d8f' },
    ],
    [
      'a StatefulSet',
      { ownerReferences: [{ kind: 'StatefulSet', name: 'ledger', controller: true }] },
      { kind: 'StatefulSet', name: 'ledger' },
    ],
    ['nobody who controls it', { ownerReferences: [{ kind: 'Node', name: 'n1', controller: false }] }, null],
    ['nobody', {}, null],
  ])('belongs to %s', (_, metadata, owner) => {
    expect(podOf(pod({ metadata }))?.owner).toEqual(owner);
  });

  it('has containers with their ports, restarts and when they last ended', () => {
    const made = podOf(
      pod({
        spec: {
          ...sidecar,
          containers: [{ name: 'app', image: 'orders:1', ports: [{ name: 'http', containerPort: 8080 }] }],
        },
        status: {
          ...wellKnown,
          conditions: [isReady, { type: 'Initialized', status: 'True' }],
          containerStatuses: [said(running, { ready: true, restartCount: 3, lastState: ended(1, 'Error') })],
        },
      }),
    );
    expect(made?.containers).toEqual([
      { name: 'mesh', image: 'm', kind: 'sidecar', ready: false, state: '', restarts: 0, ports: [] },
      {
        name: 'app',
        image: 'orders:1',
        kind: 'app',
        ready: true,
        state: 'Running',
        restarts: 3,
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
    expect(made).toMatchObject({ restarts: 3, restartedAt: Date.parse(at) });
  });

  it('of a cluster that lies is left out or bounded, and never throws', () => {
    for (const object of [
      null,
      1,
      {},
      { metadata: { name: '' } },
      { metadata: { name: 'a' } },
      pod({ spec: { containers: 'x' } }),
    ]) {
      expect(() => podOf(object)).not.toThrow();
    }
    expect(podOf({ metadata: { name: 'a' } })).toBe(null);
    const evil = podOf(
      pod({
        metadata: { labels: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`l${index}`, 'x'])) },
        spec: { containers: Array.from({ length: 500 }, (_, index) => ({ name: `c${index}`, image: 'x' })) },
        status: { phase: '\u001b[31mRunning', reason: `\u202e${'x'.repeat(10_000)}`, message: 'y'.repeat(1_000_000) },
      }),
    );
    expect(evil?.status.length).toBeLessThanOrEqual(80);
    expect(evil?.status).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(evil?.reasons[0]?.message.length).toBeLessThanOrEqual(600);
    expect([evil?.containers.length, Object.keys(evil?.labels ?? {}).length]).toEqual([64, 64]);
  });
});

describe('the mesh of a pod', () => {
  const container = (name: string, more: Part = {}) => ({ name, image: 'm', ...more });
  it.each<[string, ReturnType<typeof pod>, string | undefined]>([
    ['none', pod(), undefined],
    ['Istio, by its sidecar', pod({ spec: { containers: [container('app'), container('istio-proxy')] } }), 'Istio'],
    [
      'Istio, by a sidecar of KEP-753',
      pod({ spec: { initContainers: [container('istio-proxy', { restartPolicy: 'Always' })] } }),
      'Istio',
    ],
    ['Istio, ambient by its label', pod({ metadata: { labels: { 'istio.io/dataplane-mode': 'ambient' } } }), 'Istio'],
    [
      'Istio, ambient by its namespace',
      pod({ metadata: { annotations: { 'ambient.istio.io/redirection': 'enabled' } } }),
      'Istio',
    ],
    ['taken out of it', pod({ metadata: { labels: { 'istio.io/dataplane-mode': 'none' } } }), undefined],
    [
      'a gateway of Istio',
      pod({ metadata: { labels: { istio: 'ingressgateway' } }, spec: { containers: [container('istio-proxy')] } }),
      undefined,
    ],
    ['Linkerd', pod({ spec: { containers: [container('linkerd-proxy'), container('app')] } }), 'Linkerd'],
    ['Kuma', pod({ spec: { containers: [container('app'), container('kuma-sidecar')] } }), 'Kuma'],
    ['Consul', pod({ spec: { containers: [container('app'), container('consul-dataplane')] } }), 'Consul'],
    ['annotations of another shape', pod({ metadata: { annotations: 'no' } }), undefined],
  ])('%s', (_, object, mesh) => {
    expect(podOf(object)?.mesh).toBe(mesh);
  });
});
