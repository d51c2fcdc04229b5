import { describe, expect, test } from 'vitest';
import { causeText } from '../../contract/index.ts';
import type { CoreEvent, Node } from '../cluster/api-objects.ts';
import { outlookOf, scalesNodes, unfitNodes } from './node-outlook.ts';

const minutes = 60_000;
const event = (reason: string, message: string, lastTimestamp = '2026-01-01T00:00:00Z') =>
  ({ reason, message, lastTimestamp }) as CoreEvent;

describe('how long a pod without a node is worth waiting for', () => {
  const taint =
    '0/2 nodes are available: 2 node(s) had untolerated taint {team: other}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
  const cordoned =
    '0/2 nodes are available: 2 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
  const crowded =
    '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.';

  test.each<[string, string, CoreEvent[], boolean, 'seconds' | 'a minute' | 'minutes']>([
    ['a taint that nobody tolerates', taint, [], false, 'seconds'],
    ['the same where something may scale', taint, [], true, 'a minute'],
    [
      'the same with a node on its way',
      taint,
      [event('TriggeredScaleUp', 'pod triggered scale-up: [{pool 1->2}]')],
      false,
      'minutes',
    ],
    [
      'the same with Karpenter’s',
      taint,
      [event('Nominated', 'Pod should schedule on: nodeclaim/default-x')],
      false,
      'minutes',
    ],
    ['cordoned nodes', cordoned, [], false, 'minutes'],
    [
      'cordoned and tainted ones',
      '0/3 nodes are available: 1 node(s) had untolerated taint {a: b}, 2 node(s) were unschedulable.',
      [],
      false,
      'minutes',
    ],
    [
      'nodes that are not ready',
      '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.',
      [],
      false,
      'minutes',
    ],
    [
      'nodes that join',
      '0/1 nodes are available: 1 node(s) had untolerated taint {node.cloudprovider.kubernetes.io/uninitialized: true}.',
      [],
      false,
      'minutes',
    ],
    ['no nodes at all', 'no nodes available to schedule pods', [], false, 'minutes'],
    ['full nodes', crowded, [], false, 'a minute'],
    [
      'full nodes, and nothing comes',
      crowded,
      [event('NotTriggerScaleUp', "pod didn't trigger scale-up: 1 max node group size reached")],
      true,
      'seconds',
    ],
    [
      'what was said last counts',
      crowded,
      [
        event('NotTriggerScaleUp', 'no', '2026-01-01T00:00:09Z'),
        event('TriggeredScaleUp', 'yes', '2026-01-01T00:00:10Z'),
        event('FailedScheduling', crowded, '2026-01-01T00:00:11Z'),
      ],
      true,
      'minutes',
    ],
  ])('%s', (_, said, events, mayScale, expected) => {
    const { patience } = outlookOf(said, events, mayScale);
    const length = patience < 0.5 * minutes ? 'seconds' : patience < 2 * minutes ? 'a minute' : 'minutes';
    expect(length).toBe(expected);
  });

  test('tells the scheduler’s and the autoscaler’s words', () => {
    expect(causeText(outlookOf(cordoned, [], false).detail)).toContain('2 node(s) were unschedulable');
    expect(causeText(outlookOf(crowded, [event('TriggeredScaleUp', 'pool 1->2')], false).detail)).toContain(
      'pool 1->2',
    );
    expect(outlookOf(crowded, [event('NotTriggerScaleUp', 'max reached')], true).detail).toMatch(
      /Insufficient cpu.*max reached/,
    );
  });
});

test.each([
  [[{ name: 'apps' }, { name: 'karpenter.sh' }], true],
  [[{ name: 'karpenter.k8s.aws' }], true],
  [[{ name: 'autoscaling.x-k8s.io' }], true],
  [[{ name: 'apps' }, { name: 'autoscaling' }], false],
  [null, false],
])('an autoscaler among the groups %j: %s', (groups, expected) => {
  expect(scalesNodes({ groups })).toBe(expected);
});

describe('nodes that cannot run the agent', () => {
  const node = (name: string, arch: string, os = 'linux') =>
    ({ metadata: { name, labels: { 'kubernetes.io/arch': arch, 'kubernetes.io/os': os } } }) as unknown as Node;
  test.each([
    [[node('z1', 's390x'), node('p1', 'ppc64le')], 'z1 (linux/s390x), p1 (linux/ppc64le)'],
    [
      [node('w1', 'amd64', 'windows'), node('r1', 'riscv64'), node('a1', 'arm')],
      'w1 (windows/amd64), r1 (linux/riscv64), a1 (linux/arm)',
    ],
    [[node('z1', 's390x'), node('m1', 'arm64')], null],
    [[], null],
    [[{ metadata: { name: 'unlabelled' } } as Node], null],
  ])('%#', (nodes, expected) => {
    expect(unfitNodes(nodes)).toBe(expected);
  });
});
