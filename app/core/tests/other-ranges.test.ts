/** A cluster that gets another range while connected, by what its catalogue shows. */
import { expect, it } from 'vitest';
import { service } from '../../fakes/service.ts';
import type { Range } from '../ports.ts';
import { CoreHarness } from './core-harness.ts';

const added: Range = { prefix: '10.97.0.0/16', kind: 'services', origin: 'service-cidr' };

async function grown(ranges: readonly Range[], address: string, endpoint = '10.244.0.12'): Promise<CoreHarness> {
  const harness = new CoreHarness();
  await harness.connect();
  const { cluster } = harness.world;
  cluster.ranges = [...cluster.ranges, ...ranges];
  cluster.services = [...cluster.services, service('webshop', 'late', address, [endpoint])];
  cluster.changed();
  await harness.clock.advance(2000);
  return harness;
}
const prefixes = (harness: CoreHarness) =>
  harness.in('connected').routes.map(({ prefix, decision }) => `${prefix} ${decision}`);

it.each<[Range, string, string]>([
  [added, '10.97.3.3', '10.244.0.12'],
  [{ ...added, prefix: 'fd02:10:97::/112' }, 'fd02:10:97::3', '10.244.0.12'],
  [{ prefix: '10.244.77.0/24', kind: 'pods', origin: 'node-pod-cidr' }, '10.96.3.3', '10.244.77.7'],
  [{ prefix: 'fd01:10:244:77::/64', kind: 'pods', origin: 'node-pod-cidr' }, '10.96.3.3', 'fd01:10:244:77::7'],
])('has $prefix routed within two seconds, and no connection made anew', async (range, address, endpoint) => {
  const harness = await grown([range], address, endpoint);
  expect(prefixes(harness)).toContain(`${range.prefix} routed`);
  expect(harness.world.host.routes).toContain(range.prefix);
  expect(harness.world.engines.running).toHaveLength(1);
  expect(harness.in('connected').degraded).toEqual([]);
  await harness.off();
  harness.expectNothingLeft();
});

it('changes no other address that programs know meanwhile', async () => {
  const harness = new CoreHarness(({ host }) => {
    host.networks = [...host.networks, { prefix: '10.96.4.0/24', interface: 'docker0' }];
  });
  await harness.connect();
  await harness.clock.advance(500);
  const { cluster, engines } = harness.world;
  const [engine] = engines.running;
  const before = engine?.received.length ?? 0;
  cluster.ranges = [...cluster.ranges, added];
  cluster.services = [...cluster.services, service('webshop', 'late', '10.97.3.3', ['10.244.0.12'])];
  cluster.changed();
  await harness.clock.advance(2000);
  const plans = engine?.received.slice(before).flatMap((sent) => (sent.command === 'plan' ? [sent.plan] : [])) ?? [];
  expect(plans.length).toBeGreaterThan(0);
  for (const { mappings = [] } of plans) {
    expect(mappings).toEqual([{ real: '10.96.4.0/24', virtual: '198.19.0.0/24' }]);
  }
});

it('has it by other addresses where it is public', async () => {
  const harness = await grown([{ ...added, prefix: '34.118.224.0/20' }], '34.118.224.9');
  expect(prefixes(harness)).toContain('34.118.224.0/20 mapped');
});

it('is told once where no range is there for an address, and is not asked again and again', async () => {
  const harness = await grown([], '10.97.3.3');
  expect(harness.in('connected').degraded.map(({ code }) => code)).toEqual(['services-outside']);
  const asked = () => harness.world.faults.begun.filter((one) => one === 'discoverRanges').length;
  const before = asked();
  const { cluster } = harness.world;
  for (let round = 0; round < 5; round += 1) {
    cluster.services = cluster.services.map((one) => ({ ...one, labels: { round: `${round}` } }));
    cluster.changed();
    await harness.clock.advance(3000);
  }
  expect(asked()).toBe(before);
});

it('keeps what it had where the cluster cannot say its ranges', async () => {
  const harness = new CoreHarness();
  await harness.connect();
  const { cluster } = harness.world;
  const before = prefixes(harness);
  cluster.ranges = [];
  cluster.services = [...cluster.services, service('webshop', 'late', '10.97.3.3', [])];
  cluster.changed();
  await harness.clock.advance(3000);
  expect(prefixes(harness)).toEqual(before);
});
