import { describe, expect, test } from 'vitest';
import { cause } from '../../contract/index.ts';
import type { ContainerState, CoreEvent, Pod, PodStatus } from '../cluster/api-objects.ts';
import { needsCpuLimit, progressOfPod, refusalOfJob } from './pod-reasons.ts';

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
    kind: 'waiting',
    detail: cause('startingOn', { node: 'n1' }),
  });
  expect(waiting('ContainerCreating')).toEqual({ kind: 'waiting', detail: cause('startingOn', { node: 'n1' }) });
  expect(progressOfPod(container({ running: {} }, 'Running'), base)).toEqual({ kind: 'running' });
});

describe('trouble in the pod’s own words', () => {
  test('the scheduler', () => {
    const message = '0/2 nodes are available: 2 Insufficient cpu.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(progressOfPod(pod({ phase: 'Pending', conditions }), base)).toMatchObject({
      kind: 'troubled',
      detail: message,
      problem: { code: 'agent-unschedulable', cause: message },
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

  test('a quota that counts processor limits is told apart', () => {
    const cause = (message: string) => refusalOfJob([event(message)])?.problem ?? expect.fail();
    expect(needsCpuLimit(cause('pods "x" is forbidden: failed quota: c: must specify limits.cpu for: agent'))).toBe(
      true,
    );
    expect(needsCpuLimit(cause('failed quota: c: must specify limits.cpu,limits.memory for: agent'))).toBe(true);
    expect(needsCpuLimit(cause('pods "x" is forbidden: exceeded quota: c, requested: limits.cpu=2'))).toBe(false);
  });
});
