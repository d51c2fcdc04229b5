import { describe, expect, test } from 'vitest';
import { adapted, exceededQuota, isCountExceeded } from './adapting.ts';
import { amountOf, type PodShape, quantitiesOf, quantityOf, usualShape } from './pod-shape.ts';

const mebibyte = 1 << 20;

/** All forms that are tried while the same words keep coming, until none is left. */
function formsAfter(...said: string[]): (PodShape | null)[] {
  const forms: (PodShape | null)[] = [];
  let shape: PodShape | null = usualShape;
  for (const words of said) {
    shape = shape === null ? null : adapted(shape, words);
    forms.push(shape);
  }
  return forms;
}

describe('users', () => {
  const scc =
    'pods "x" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount, provider "restricted-v2": .spec.securityContext.fsGroup: Invalid value: [65532]: 65532 is not an allowed group, .containers[0].runAsUser: Invalid value: 65532: must be in the ranges: [1000630000, 1000639999]]';
  const rootsImage = 'CreateContainerConfigError: container has runAsNonRoot and image will run as root (pod: "x")';

  test.each<[string, string]>([
    ['OpenShift’s restricted-v2', scc],
    [
      'a VAP',
      'ValidatingAdmissionPolicy "p" denied request: failed expression: object.spec.securityContext.runAsUser >= 1000',
    ],
    [
      'Gatekeeper',
      'admission webhook "validation.gatekeeper.sh" denied the request: [psp-users] Container agent is attempting to run as disallowed user 65532. Allowed runAsUser: {"rule": "MustRunAs"}',
    ],
    [
      'Kyverno',
      'validation error: runAsGroup and fsGroup must be empty. rule check-fsgroup failed at path /spec/securityContext/fsGroup/',
    ],
  ])('that %s refuses are left to the cluster', (_, words) => {
    expect(adapted(usualShape, words)).toMatchObject({ user: 'theirs', pings: true, seccomp: true });
  });

  test('where nobody fills one in and the image is root’s, the user that the refusal named is taken', () => {
    const [first, second, third] = formsAfter(scc, rootsImage, scc);
    expect(first).toMatchObject({ user: 'theirs', toldUser: 1000630000 });
    expect(second?.user).toBe(1000630000);
    expect(third).toBeNull();
    expect(formsAfter('runAsUser: no', rootsImage)[1]).toBeNull(); // nobody said which would do
  });

  test('old constraints refuse a seccomp profile, and kubelets a sysctl', () => {
    expect(adapted({ ...usualShape, user: 'theirs' }, 'seccomp may not be set, provider "restricted"')).toMatchObject({
      seccomp: false,
    });
    expect(
      adapted(usualShape, 'SysctlForbidden, forbidden sysctl: "net.ipv4.ping_group_range" not allowlisted'),
    ).toMatchObject({
      pings: false,
    });
  });
});

describe('a LimitRange (the words of plugin/pkg/admission/limitranger)', () => {
  test.each<[string, string, Record<string, string>, Record<string, string>]>([
    [
      'max memory',
      'maximum memory usage per Container is 128Mi, but limit is 256Mi',
      { cpu: '20m', memory: '32Mi' },
      { memory: '128Mi' },
    ],
    [
      'max cpu where none is given',
      'maximum cpu usage per Container is 200m.  No limit is specified',
      { cpu: '20m', memory: '32Mi' },
      { cpu: '200m', memory: '256Mi' },
    ],
    [
      'max cpu of the pod',
      'maximum cpu usage per Pod is 10m, but request is 20m',
      { cpu: '10m', memory: '32Mi' },
      { memory: '256Mi' },
    ],
    [
      'min cpu',
      'minimum cpu usage per Container is 100m, but request is 20m',
      { cpu: '100m', memory: '32Mi' },
      { memory: '256Mi' },
    ],
    [
      'min memory above our limit',
      'minimum memory usage per Container is 512Mi, but request is 32Mi',
      { cpu: '20m', memory: '512Mi' },
      { memory: '512Mi' },
    ],
    [
      'several at once',
      '[minimum cpu usage per Container is 50m, but request is 20m, maximum memory usage per Container is 64Mi, but limit is 256Mi]',
      { cpu: '50m', memory: '32Mi' },
      { memory: '64Mi' },
    ],
    [
      'ratio of memory',
      'memory max limit to request ratio per Container is 2, but provided ratio is 8.000000',
      { cpu: '20m', memory: '128Mi' },
      { memory: '256Mi' },
    ],
    [
      'ratio of cpu without a limit',
      'cpu max limit to request ratio per Container is 4, but no limit is specified or limit is 0',
      { cpu: '250m', memory: '32Mi' },
      { cpu: '1', memory: '256Mi' },
    ],
    [
      'ratio of cpu with a default limit',
      'cpu max limit to request ratio per Container is 5, but provided ratio is 25.000000',
      { cpu: '100m', memory: '32Mi' },
      { cpu: '500m', memory: '256Mi' },
    ],
    [
      'a default limit under our request',
      'spec.containers[0].resources.requests: Invalid value: "20m": must be less than or equal to cpu limit of 10m',
      { cpu: '10m', memory: '32Mi' },
      { memory: '256Mi' },
    ],
  ])('%s', (_, words, requests, limits) => {
    const shape = adapted(usualShape, `pods "x" is forbidden: ${words}`);
    expect(shape === null ? null : [quantitiesOf(shape.requests), quantitiesOf(shape.limits)]).toEqual([
      requests,
      limits,
    ]);
  });

  test.each([
    'maximum memory usage per Container is 16Mi, but limit is 256Mi', // it would not live
    'minimum memory usage per Container is 16Gi, but request is 32Mi', // nobody would thank us
    'minimum nvidia.com/gpu usage per Container is 1.  No request is specified',
  ])('out of reason: %s', (words) => {
    expect(adapted(usualShape, `pods "x" is forbidden: ${words}`)).toBeNull();
  });
});

describe('a ResourceQuota (the words of plugin/pkg/admission/resourcequota)', () => {
  test('gets what it demands, whichever of its forms says so', () => {
    const demanded =
      'failed quota: q: must specify limits.cpu for: agent; limits.ephemeral-storage for: agent; requests.ephemeral-storage for: agent';
    const shape = adapted(usualShape, demanded);
    expect(quantitiesOf(shape?.limits ?? {})).toEqual({ cpu: '2', memory: '256Mi', 'ephemeral-storage': '128Mi' });
    expect(quantitiesOf(shape?.requests ?? {})).toEqual({ cpu: '20m', memory: '32Mi', 'ephemeral-storage': '32Mi' });
    expect(adapted(usualShape, 'failed quota: q: must specify limits.cpu,limits.memory')?.limits.cpu).toBe(2);
    expect(adapted(usualShape, 'failed quota: q: must specify ephemeral-storage for: agent')?.requests).toMatchObject({
      'ephemeral-storage': 32 * mebibyte,
    });
    expect(adapted(usualShape, 'failed quota: q: must specify requests.nvidia.com/gpu for: agent')).toBeNull();
  });

  test('takes the room that is left, where it is enough', () => {
    const over = (words: string) => adapted(usualShape, `pods "x" is forbidden: exceeded quota: q, ${words}`);
    expect(
      over('requested: limits.memory=256Mi, used: limits.memory=900Mi, limited: limits.memory=1Gi')?.limits.memory,
    ).toBe(124 * mebibyte);
    expect(
      over('requested: requests.cpu=20m, used: requests.cpu=990m, limited: requests.cpu=1')?.requests.cpu,
    ).toBeCloseTo(0.01);
    expect(over('requested: limits.memory=256Mi, used: limits.memory=1Gi, limited: limits.memory=1Gi')).toBeNull();
    expect(over('requested: pods=1, used: pods=5, limited: pods=5')).toBeNull();
  });

  test('is told by what is full', () => {
    const words =
      'Error creating: pods "x" is forbidden: exceeded quota: team, requested: limits.memory=256Mi,pods=1, used: limits.memory=1Gi,pods=5, limited: limits.memory=1Gi,pods=5';
    expect(exceededQuota(words)).toEqual({
      name: 'team',
      over: [
        { resource: 'limits.memory', requested: '256Mi', used: '1Gi', hard: '1Gi' },
        { resource: 'pods', requested: '1', used: '5', hard: '5' },
      ],
    });
    expect(isCountExceeded(words)).toBe(false);
    expect(
      isCountExceeded(
        'exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1',
      ),
    ).toBe(true);
    expect(exceededQuota('something else')).toBeNull();
  });
});

describe('processors of images', () => {
  test.each([
    ['ErrImagePull: no match for platform in manifest: not found', ['amd64']],
    ['ErrImagePull: no matching manifest for linux/amd64 in the manifest list entries', ['arm64']],
    ['StartError, exec /bin/sh: exec format error', ['amd64']],
  ])('%s', (words, left) => {
    expect(adapted(usualShape, words)?.processors).toEqual(left);
    expect(adapted({ ...usualShape, processors: ['amd64'] }, words)).toBeNull();
  });
});

test.each([
  'admission webhook "validate.example" denied the request: label team is required',
  'pods "x" is forbidden: violates PodSecurity "restricted:latest"',
  '',
])('words that name nothing we can change: %j', (words) => {
  expect(adapted(usualShape, words)).toBeNull();
});

test.each([
  ['100m', 0.1],
  ['2', 2],
  ['.5', 0.5],
  ['1e3', 1000],
  ['128Mi', 128 * mebibyte],
  ['1.5G', 1.5e9],
  ['-1', null],
  ['many', null],
  ['', null],
])('the quantity %j', (quantity, amount) => {
  expect(amountOf(quantity)).toBe(amount);
});

test('quantities that are written can be read', () => {
  expect([quantityOf('cpu', 0.0004), quantityOf('cpu', 2), quantityOf('memory', 100_000_001)]).toEqual([
    '1m',
    '2',
    '100000001',
  ]);
});
