import { expect, test } from 'vitest';
import { noAgentPodChoices } from '../../contract/index.ts';
import { agentJob, agentLabel } from './manifest.ts';
import { usualShape } from './pod-shape.ts';
import { agentTimes } from './times.ts';

const options = {
  name: 'slipway-agent-1',
  namespace: 'team',
  image: 'busybox',
  contained: false,
  firstDeadlineSeconds: 120,
  shape: usualShape,
  choices: noAgentPodChoices,
  placing: 'p1',
  idleSeconds: 0,
  expirySeconds: 0,
  keepSeconds: 0,
};

test('passes PodSecurity restricted and has no right in the cluster', () => {
  for (const contained of [true, false]) {
    const pod = agentJob({ ...options, contained }).spec?.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod?.hostNetwork).toBeUndefined();
    expect(pod?.containers).toHaveLength(1);
    expect(pod?.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod?.volumes?.every((volume) => volume.emptyDir !== undefined) ?? true).toBe(true);
    expect(pod?.containers[0]?.resources).toMatchObject({ requests: { cpu: '20m' }, limits: { memory: '256Mi' } });
  }
});

test('goes away by itself: no retries, a deadline, and soon after its end', () => {
  expect(agentJob(options).spec).toMatchObject({
    backoffLimit: 0,
    ttlSecondsAfterFinished: 10,
    activeDeadlineSeconds: 120,
  });
});

test('is found by its label, and no mesh takes its connections', () => {
  const job = agentJob(options);
  expect(job.metadata?.labels?.[agentLabel]).toBe('slipway-agent-1');
  expect(job.spec?.template.metadata?.labels?.[agentLabel]).toBe('slipway-agent-1');
  for (const where of [job.spec?.template.metadata?.labels, job.spec?.template.metadata?.annotations]) {
    expect(where).toMatchObject({
      'sidecar.istio.io/inject': 'false',
      'istio.io/dataplane-mode': 'none',
      'linkerd.io/inject': 'disabled',
      'kuma.io/sidecar-injection': 'disabled',
      'consul.hashicorp.com/connect-inject': 'false',
      'openservicemesh.io/sidecar-injection': 'disabled',
    });
  }
});

test('an image of the user’s runs its own agent; a base image waits for ours on any processor that we have one for', () => {
  const own = agentJob({ ...options, contained: true, idleSeconds: 15, expirySeconds: 9, keepSeconds: 7 }).spec
    ?.template.spec;
  expect(own?.containers[0]?.command).toEqual([
    '/slipway-agent',
    '--idle-timeout=15s',
    '--session-expiry=9s',
    '--keep-connections=7s',
  ]);
  expect(own?.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  expect(own?.volumes).toBeUndefined();
  const base = agentJob(options).spec?.template.spec;
  expect(base?.containers[0]?.command?.slice(0, 2)).toEqual(['sh', '-c']);
  expect(base?.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  expect(processorsOf(base)).toEqual(['amd64', 'arm64']);
  const narrowed = agentJob({ ...options, shape: { ...usualShape, processors: ['amd64'] } }).spec?.template.spec;
  expect(processorsOf(narrowed)).toEqual(['amd64']);
  expect(own?.affinity).toBeUndefined();
});

type PodSpec = NonNullable<ReturnType<typeof agentJob>['spec']>['template']['spec'];

function processorsOf(pod: PodSpec) {
  const [term] = pod?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return term?.matchExpressions?.find(({ key }) => key === 'kubernetes.io/arch')?.values;
}

test('a cluster that chooses users, sysctls and profiles itself gets none of ours', () => {
  const theirs = { ...usualShape, user: 'theirs', pings: false, seccomp: false } as const;
  expect(agentJob({ ...options, shape: theirs }).spec?.template.spec?.securityContext).toEqual({ runAsNonRoot: true });
  const told = agentJob({ ...options, shape: { ...theirs, user: 1000630000 } }).spec?.template.spec;
  expect(told?.securityContext).toEqual({ runAsNonRoot: true, runAsUser: 1000630000 });
});

test('the deadlines follow how long the agent waits for a client', () => {
  const usual = agentTimes({});
  // Its own end, exit code 0, comes before its Job's deadline, though the last renewal was a whole turn ago.
  expect(usual.renewedDeadlineSeconds - usual.renewEveryMilliseconds / 1000).toBeGreaterThan(60 + 5400 + 600);
  expect(usual.renewEveryMilliseconds / 1000).toBeLessThan(usual.firstDeadlineSeconds / 1.5);
  const short = agentTimes({ SLIPWAY_AGENT_IDLE_SECONDS: '15' });
  expect(short).toMatchObject({ idleSeconds: 15, expirySeconds: 0, keepSeconds: 15, firstDeadlineSeconds: 15 });
  expect(short.renewEveryMilliseconds / 1000).toBeLessThan(short.firstDeadlineSeconds / 1.5);
  const shortest = agentTimes({ SLIPWAY_AGENT_IDLE_SECONDS: '4', SLIPWAY_AGENT_EXPIRY_SECONDS: '6' });
  expect(shortest).toMatchObject({ idleSeconds: 4, expirySeconds: 6, firstDeadlineSeconds: 15 });
  expect(shortest.renewedDeadlineSeconds).toBeLessThan(short.renewedDeadlineSeconds);
  expect(agentTimes({ SLIPWAY_AGENT_IDLE_SECONDS: 'soon', SLIPWAY_AGENT_EXPIRY_SECONDS: '-1' })).toEqual(usual);
});
