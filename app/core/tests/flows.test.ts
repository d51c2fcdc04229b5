import { describe, expect, it } from 'vitest';
import { type Flow, type FlowsItem, flowTargetName, type Problem, streams } from '../../contract/index.ts';
import { believableServices } from '../../fakes/believable-services.ts';
import { CoreHarness } from './core-harness.ts';

/** Subscribes, and keeps what a window would know. */
function watch(harness: CoreHarness) {
  const known = new Map<number, Flow>();
  const items: FlowsItem[] = [];
  const ends: (Problem | null)[] = [];
  const subscription = harness.core.subscribe(
    'flows',
    { context: 'production' },
    (item) => {
      expect(streams.flows.item.parse(item)).toEqual(item);
      items.push(item);
      if (item.kind === 'all') {
        known.clear();
      }
      for (const flow of item.changed) {
        known.set(flow.id, flow);
      }
      for (const id of item.gone) {
        known.delete(id);
      }
    },
    (because) => ends.push(because),
  );
  return { known, items, ends, subscription };
}

const commands = (harness: CoreHarness) =>
  harness.world.engines.running.flatMap(({ received }) =>
    received.flatMap((one) => (one.command === 'flows' ? [one.flows.watched] : [])),
  );

async function connected() {
  const harness = new CoreHarness(({ cluster }) => {
    cluster.services = believableServices(0);
  });
  await harness.connect();
  return harness;
}

describe('the stream of flows', () => {
  it('has them watched only while somebody looks, and tells program, destination and what became of them', async () => {
    const harness = await connected();
    expect(commands(harness)).toEqual([]);
    const first = watch(harness);
    const second = watch(harness);
    await harness.clock.advance(1500);
    expect(commands(harness)).toEqual([true]);
    const flows = [...first.known.values()];
    expect(new Map(second.known)).toEqual(first.known);
    const held = flows.find(({ program }) => program?.name === 'psql');
    expect(held).toMatchObject({
      state: 'open',
      endedAt: null,
      target: { kind: 'service', port: 'postgres' },
      program: { user: 'jane', executable: '/usr/lib/postgresql/17/bin/psql' },
      serviceMicroseconds: expect.any(Number),
    });
    expect(held === undefined ? '' : flowTargetName(held)).toBe('orders-db.webshop');
    expect(flows.find(({ state }) => state === 'refused')).toMatchObject({ target: { kind: 'pod' } });
    expect(flows.find(({ program }) => program?.user === 'postgres')?.program).toMatchObject({ processId: null });
    expect(flows.some(({ program }) => program === null)).toBe(true);
    expect(flows.find(({ state }) => state === 'opening')).toMatchObject({ answerMicroseconds: null });
    first.subscription.end();
    await harness.clock.advance(1000);
    expect(commands(harness)).toEqual([true]);
    second.subscription.end();
    const told = first.items.length + second.items.length;
    await harness.clock.advance(3000);
    expect(commands(harness)).toEqual([true, false]);
    expect(first.items.length + second.items.length).toBe(told);
  });

  it('tells what differs, and each second that it is of now', async () => {
    const harness = await connected();
    const { known, items } = watch(harness);
    await harness.clock.advance(10_400);
    expect(items[0]?.kind).toBe('all');
    expect(items.slice(1).every(({ kind, changed }) => kind === 'changes' && changed.length < known.size)).toBe(true);
    expect(items.length).toBeGreaterThan(9);
    expect(items.length).toBeLessThan(14);
    expect(items.at(-1)?.at).toBeGreaterThan((items[0]?.at ?? 0) + 9000);
  });

  it('names a destination as soon as the catalogue does, though nothing moves there', async () => {
    const harness = await connected();
    const { cluster } = harness.world;
    const { known } = watch(harness);
    await harness.clock.advance(500);
    const idle = [...known.values()].find(({ rateUp, endedAt, target }) => rateUp === 0 && endedAt === null && target);
    const { id = 0, target } = idle ?? {};
    cluster.services = cluster.services.map((one) =>
      one.name === target?.name ? { ...one, namespace: 'moved' } : one,
    );
    cluster.changed();
    await harness.clock.advance(2500);
    expect(known.get(id)?.target?.namespace).toBe('moved');
  });

  it('shows none while there is no engine, those of the next one after, and ends when it is switched off', async () => {
    const harness = await connected();
    const { known, items, ends } = watch(harness);
    await harness.clock.advance(500);
    expect(known.size).toBeGreaterThan(5);
    harness.world.engines.running[0]?.kill();
    await harness.clock.until(() => harness.phase() === 'reconnecting', 'the engine is missed');
    await harness.clock.advance(200);
    expect(known.size).toBe(0);
    expect(items.at(-1)).toMatchObject({ live: 0, opening: 0 });
    await harness.until('connected');
    await harness.clock.advance(1500);
    expect(known.size).toBeGreaterThan(5);
    expect(commands(harness)).toEqual([true]);
    await harness.off();
    await harness.clock.advance(200);
    expect(ends).toEqual([null]);
  });

  it('is of no more than is told, and says how many there are', async () => {
    const harness = await connected();
    Object.assign(harness.world.host.flows, { kind: 'many', more: 19_000 });
    const { known, items } = watch(harness);
    await harness.clock.advance(500);
    expect(known.size).toBe(1000);
    expect(items.at(-1)).toMatchObject({ live: 20_000 });
  });
});
