import { describe, expect, test } from 'vitest';
import { cause } from '../../contract/index.ts';
import type { ContainerState, CoreEvent, Pod, PodStatus } from '../cluster/api-objects.ts';
import { isServing, progressOfPod, refusalOfJob, wasDisrupted } from './pod-reasons.ts';

const pod = (status: PodStatus, nodeName?: string): Pod => ({
  spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
  status,
});
const container = (state: ContainerState, phase = 'Pending') =>
  pod(
    { phase, containerStatuses: [{ name: 'agent', image: '', imageID: '', ready: false, restartCount: 0, state }] },
    'n1',
  );
const base = { image: 'base:1', contained: false };
const waiting = (reason: string, message = '') => progressOfPod(container({ waiting: { reason, message } }), base);

test('a pod that starts tells where it is', () => {
  expect(progressOfPod(pod({ phase: 'Pending' }), base)).toEqual({ kind: 'waiting', detail: cause('waitingForNode') });
  expect(progressOfPod(pod({ phase: 'Pending' }, 'n1'), base)).toEqual({
    kind: 'starting',
    node: 'n1',
  });
  expect(waiting('ContainerCreating')).toEqual({ kind: 'starting', node: 'n1' });
  expect(progressOfPod(container({ running: {} }, 'Running'), base)).toEqual({ kind: 'running' });
});

describe('whether an agent may still serve', () => {
  const ready = (isReady: boolean, areContainers: boolean) => [
    { type: 'Ready', status: isReady ? 'True' : 'False' },
    { type: 'ContainersReady', status: areContainers ? 'True' : 'False' },
  ];
  const running = container({ running: {} }, 'Running');
  const withConditions = (conditions: NonNullable<PodStatus['conditions']>): Pod => ({
    ...running,
    status: { ...running.status, conditions },
  });
  const lost = withConditions(ready(false, true));
  test.each<[string, Pod, boolean]>([
    ['it runs', withConditions(ready(true, true)), true],
    ['nothing is said of it but that it runs', running, true],
    ['its node is lost', lost, false],
    ['a container beside it is not ready', withConditions(ready(false, false)), true],
    [
      'somebody’s gate is closed',
      { ...lost, spec: { containers: [], readinessGates: [{ conditionType: 'x' }] } },
      true,
    ],
    ['it is being deleted', { ...running, metadata: { deletionTimestamp: '2026-11-30T12:00:00Z' } }, false],
    ['it ended', container({ terminated: { exitCode: 0 } }, 'Succeeded'), false],
    ['its node has it and has not told yet that it runs', container({ waiting: {} }), true],
    ['no node has it', pod({ phase: 'Pending' }), false],
  ])('%s', (_, one, expected) => {
    expect(isServing(one)).toBe(expected);
  });
});

describe('trouble in the pod’s own words', () => {
  test('the scheduler', () => {
    const message = '0/2 nodes are available: 2 Insufficient cpu.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(progressOfPod(pod({ phase: 'Pending', conditions }), base)).toEqual({
      kind: 'unscheduled',
      said: message,
      gated: false,
    });
  });

  test.each(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])(
    'the image: %s',
    (reason) => {
      const found = waiting(reason, 'not found');
      expect(found).toMatchObject({
        problem: { code: 'agent-image-unpullable', cause: `${reason}: not found`, facts: { image: 'base:1' } },
      });
    },
  );

  test('no shell, as containerd and CRI-O say it', () => {
    const ended = (message: string, source = base) =>
      progressOfPod(container({ terminated: { exitCode: 128, reason: 'StartError', message } }, 'Failed'), source);
    const missing = 'unable to start container process: exec: "sh": executable file not found in $PATH';
    expect(ended(missing)).toMatchObject({ kind: 'failed', problem: { code: 'agent-no-shell' } });
    expect(waiting('RunContainerError', missing)).toMatchObject({ problem: { code: 'agent-no-shell' } });
    expect(ended(missing, { image: 'mine:1', contained: true })).toMatchObject({
      problem: { code: 'agent-missing', cause: expect.stringContaining('the program /slipway-agent') },
    });
    expect(ended('error mounting "/var/lib/x": no such file or directory')).toMatchObject({
      problem: { code: 'agent-crashed' },
    });
  });

  test('a node that stumbles gets time', () => {
    expect(waiting('CreateContainerConfigError', 'etc-hosts: no such file or directory')).toMatchObject({
      kind: 'troubled',
      problem: { code: 'agent-crashed' },
    });
  });

  test('a crash and a memory limit are ends whose last words are in the log', () => {
    const killed = container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }, 'Failed');
    expect(progressOfPod(killed, base)).toEqual({ kind: 'ended', because: 'OOMKilled, exit code 137' });
  });

  test('the kubelet may refuse too', () => {
    const status = { phase: 'Failed', reason: 'SysctlForbidden', message: 'forbidden sysctl: "net.ipv4.x"' };
    expect(progressOfPod(pod(status), base)).toMatchObject({ kind: 'failed', problem: { code: 'agent-refused' } });
  });

  test('control characters of a message go no further', () => {
    expect(JSON.stringify(waiting('ErrImagePull', 'a\u001b[31mb\nc'))).not.toMatch(/\\u001b|\\n/);
  });
});

describe('a Job without a pod', () => {
  const event = (message: string, reason = 'FailedCreate') => ({ reason, message }) as CoreEvent;

  test('a policy or a quota refuses for good', () => {
    const quota = 'Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1';
    const policy = 'Error creating: admission webhook "v.example" denied the request: no';
    expect(refusalOfJob([event(quota)])).toMatchObject({
      problem: { code: 'agent-refused', cause: quota },
      patience: 0,
    });
    expect(refusalOfJob([event(policy)])).toMatchObject({ patience: 0 });
  });

  test('a service account that is just being made gets time', () => {
    const account =
      'Error creating: pods "x" is forbidden: error looking up service account team/default: serviceaccount "default" not found';
    expect(refusalOfJob([event(account)])?.patience).toBeGreaterThan(0);
    expect(refusalOfJob([event('Created pod', 'SuccessfulCreate')])).toBeNull();
    expect(refusalOfJob([])).toBeNull();
  });

  test('what is full is told with used and hard, and which webhook is silent', () => {
    const said = (message: string) => refusalOfJob([event(message)])?.problem.cause;
    const quota =
      'Error creating: pods "x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5';
    expect(said(quota)).toBe(`the quota team is full (pods 5/5 (+1)): ${quota}`);
    const webhook =
      'Error creating: Internal error occurred: failed calling webhook "pods.example.org": failed to call webhook: Post "https://x.y.svc:443/": context deadline exceeded';
    expect(said(webhook)).toContain('the admission webhook pods.example.org did not answer');
    expect(refusalOfJob([event(webhook)])?.patience).toBeGreaterThan(10_000); // the Job controller asks again
  });
});

describe('what others do to the pod', () => {
  test.each<[string, PodStatus]>([
    ['preempted', { phase: 'Failed', reason: 'Preempting', message: 'Preempted in order to admit critical pod' }],
    [
      'its node shuts down',
      { phase: 'Failed', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' },
    ],
    [
      'evicted for the node’s sake',
      { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    ],
    [
      'the node had no room after all',
      { phase: 'Failed', reason: 'OutOfcpu', message: 'Pod Node did not have enough resource: cpu' },
    ],
    [
      'the API evicts it',
      { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }] },
    ],
  ])('%s: another one is made', (_, status) => {
    expect(wasDisrupted(pod(status))).toBe(true);
    expect(progressOfPod(pod(status), base)).toMatchObject({
      kind: 'failed',
      problem: { code: 'agent-gone', facts: { disrupted: 'true' } },
    });
  });

  test('evicted for what it used itself is a refusal', () => {
    const status = {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi.',
    };
    expect(progressOfPod(pod(status), base)).toMatchObject({ problem: { code: 'agent-refused' } });
  });

  const one = (name: string, state: ContainerState) => ({
    name,
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
  });

  test('sidecars in whatever order do not hide the agent', () => {
    const statuses = (state: ContainerState) =>
      pod({ phase: 'Running', containerStatuses: [one('istio-proxy', { running: {} }), one('agent', state)] }, 'n1');
    expect(progressOfPod(statuses({ waiting: { reason: 'PodInitializing' } }), base).kind).toBe('starting');
    expect(progressOfPod(statuses({ running: {} }), base).kind).toBe('running');
    expect(progressOfPod(statuses({ terminated: { exitCode: 0, reason: 'Completed' } }), base).kind).toBe('ended');
  });

  test('a container of somebody else’s that does not start is named', () => {
    const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
    const status = { phase: 'Pending', initContainerStatuses: [one('istio-init', { waiting })] };
    expect(progressOfPod(pod(status, 'n1'), base)).toMatchObject({
      kind: 'troubled',
      problem: { code: 'agent-refused', cause: expect.stringContaining('istio-init') },
    });
    const fine = { phase: 'Pending', initContainerStatuses: [one('istio-proxy', { running: {} })] };
    expect(progressOfPod(pod(fine, 'n1'), base).kind).toBe('starting');
  });

  test('a busy registry gets more time than one that has no such image', () => {
    const patience = (reason: string, message: string) => {
      const found = waiting(reason, message);
      return found.kind === 'troubled' ? found.patience : -1;
    };
    expect(
      patience('ImagePullBackOff', 'Back-off pulling image "x": ErrImagePull: 429 Too Many Requests'),
    ).toBeGreaterThan(30_000);
    expect(patience('ErrImagePull', 'dial tcp 10.0.0.1:443: i/o timeout')).toBeGreaterThan(30_000);
    expect(patience('ErrImagePull', 'manifest unknown')).toBeLessThan(10_000);
    expect(patience('ImagePullBackOff', 'Back-off pulling image "x"')).toBe(0);
  });

  test('a kubelet that refuses the image’s root is no crash, and says so at once', () => {
    expect(
      waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'),
    ).toMatchObject({
      problem: { code: 'agent-refused' },
      patience: 0,
    });
  });
});
