/** A laptop with routes of its own to a cluster's nodes: minikube tunnel, kind with a route, a cluster in the office. */
import { expect, it } from 'vitest';
import type { HostNetwork } from '../../fakes/host.ts';
import { CoreHarness } from './core-harness.ts';

const node = '172.18.0.2';
const wlan: HostNetwork = { prefix: '192.168.1.0/24', interface: 'wlan0' };
const bridge: HostNetwork = { prefix: '172.18.0.0/16', interface: 'br-kind' };
const way = (prefix: string, by = node): HostNetwork => ({ prefix, interface: 'br-kind', isRoute: true, by });

async function connected(networks: readonly HostNetwork[]): Promise<CoreHarness> {
  const harness = new CoreHarness(({ host, cluster }) => {
    host.networks = [...networks];
    cluster.ranges = cluster.ranges.map((range) => ({ ...range, nodes: [node, '172.18.0.3'] }));
  });
  await harness.connect();
  await harness.clock.advance(1000);
  return harness;
}
const told = (harness: CoreHarness) =>
  harness
    .in('connected')
    .routes.map(({ prefix, decision, reason, virtual = '', cuts = [] }) =>
      [prefix, decision, reason, virtual, ...cuts.map((cut) => `${cut.prefix}:${cut.reason}:${cut.virtual ?? ''}`)]
        .filter((word) => word !== '')
        .join(' '),
    );
const routed = ['10.96.0.0/16 routed', '10.244.0.0/24 routed', '10.244.1.0/24 routed'];

it.each<[string, HostNetwork[], string[]]>([
  ['none', [], routed],
  [
    'one to the pods of a node',
    [way('10.244.0.0/24')],
    [routed[0] ?? '', '10.244.0.0/24 excluded own-way', routed[2] ?? ''],
  ],
  [
    'one to all pods, and one to Services',
    [way('10.244.0.0/16', '172.18.0.3'), way('10.96.0.0/12')],
    ['10.96.0.0/16 excluded own-way', '10.244.0.0/24 excluded own-way', '10.244.1.0/24 excluded own-way'],
  ],
  [
    'one to some pods of a node',
    [way('10.244.1.64/26')],
    [routed[0] ?? '', routed[1] ?? '', '10.244.1.0/24 cut own-way 10.244.1.64/26:own-way:'],
  ],
  [
    'one by somebody who is no node',
    [way('10.244.1.64/26', '172.18.0.9')],
    [routed[0] ?? '', routed[1] ?? '', '10.244.1.0/24 cut other-route 10.244.1.64/26:other-route:198.19.0.0/26'],
  ],
])('leaves alone what the laptop has a route to by a node: %s', async (_, ways, expected) => {
  const harness = await connected([wlan, bridge, ...ways]);
  expect(told(harness)).toEqual(expected);
  expect(harness.in('connected').degraded).toEqual([]);
  await harness.off();
  harness.expectNothingLeft();
});

it('follows such a route that comes and goes, and the user’s word on it', async () => {
  const harness = await connected([wlan, bridge]);
  expect(told(harness)).toEqual(routed);
  harness.world.host.moveTo([wlan, bridge, way('10.96.0.0/12')]);
  await harness.clock.advance(1000);
  expect(told(harness)[0]).toBe('10.96.0.0/16 excluded own-way');
  expect(harness.in('connected').degraded).toEqual([]);
  const explained = await harness.call('explain', { target: '10.96.41.7:80' });
  expect(JSON.stringify(explained)).toContain('it has the route 10.96.0.0/12 by a node of the cluster');
  harness.world.host.moveTo([wlan, bridge]);
  await harness.clock.advance(1000);
  expect(told(harness)).toEqual(routed);
  await harness.off();
});

it('is looked for in the tunnel what has no such route', async () => {
  const harness = await connected([wlan, bridge, way('10.244.0.0/16')]);
  const tests = () =>
    harness.world.engines.running
      .flatMap(({ received }) => received)
      .flatMap((sent) => (sent.command === 'test' ? [`${sent.test.host} ${sent.test.ownWay ?? false}`] : []));
  await harness.call('explain', { target: '10.96.41.7:80' });
  expect(tests()).toContain('10.96.41.7 false');
  await harness.call('explain', { target: '10.244.0.7:80' });
  expect(tests()).toContain('10.244.0.7 true');
  await harness.off();
});

it('is no fault that the doctor finds, before a connect nor afterwards', async () => {
  const harness = await connected([wlan, bridge, way('10.244.0.0/16'), way('10.96.0.0/12')]);
  const checks = async () => {
    const answer = await harness.call('runChecks', {});
    return answer.ok ? answer.value.checks : expect.fail('no answer');
  };
  expect((await checks()).filter(({ state }) => state === 'bad' || state === 'warning')).toEqual([]);
  await harness.off();
  expect((await checks()).find(({ check }) => check === 'routes')).toMatchObject({
    state: 'good',
    answer:
      'this computer has routes of its own to 10.96.0.0/16, 10.244.0.0/24, 10.244.1.0/24, by nodes of the cluster',
  });
});
