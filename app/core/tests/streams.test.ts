import { describe, expect, it } from 'vitest';
import { type Problem, type Service, type StreamItem, type StreamName, streams } from '../../contract/index.ts';
import { believableServices } from '../../fakes/believable-services.ts';
import { stir } from '../../fakes/crowd.ts';
import { CoreHarness } from './core-harness.ts';

/** Subscribes and keeps all that is heard. */
function listen<Name extends StreamName>(harness: CoreHarness, stream: Name, input: unknown) {
  const items: StreamItem<Name>[] = [];
  const ends: (Problem | null)[] = [];
  const subscription = harness.core.subscribe(
    stream,
    input,
    (item) => {
      const isWhole = streams[stream].item.safeParse(item).success;
      expect(isWhole, isWhole ? '' : JSON.stringify(item).slice(0, 300)).toBe(true);
      items.push(item);
    },
    (because) => ends.push(because),
  );
  return { items, ends, subscription };
}

/** As a map, because two sets are compared each with each: of 10,000 that is most of a test's time. */
const byName = (services: readonly Service[]) =>
  new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));

/** What a window that heard these items shows. */
function known(items: readonly StreamItem<'services'>[]): Map<string, Service> {
  const services = new Map<string, Service>();
  for (const item of items) {
    if (item.kind === 'all') {
      services.clear();
    }
    for (const service of item.kind === 'all' ? item.services : item.changed) {
      services.set(`${service.namespace}/${service.name}`, service);
    }
    for (const { namespace, name } of item.kind === 'all' ? [] : item.removed) {
      services.delete(`${namespace}/${name}`);
    }
  }
  return services;
}

describe('the stream of Services', () => {
  it('brings all, then changes, survives a lost engine, and ends when it is switched off', async () => {
    const harness = new CoreHarness();
    const { cluster, engines } = harness.world;
    await harness.connect();
    const { items, ends } = listen(harness, 'services', { context: 'production' });
    await harness.clock.advance(100);
    expect(items).toMatchObject([{ kind: 'all', services: [{ namespace: 'webshop', name: 'orders' }] }]);
    cluster.services = [];
    cluster.changed();
    await harness.clock.advance(400);
    expect(items.at(-1)).toMatchObject({
      kind: 'changes',
      changed: [],
      removed: [{ namespace: 'webshop', name: 'orders' }],
    });
    engines.running[0]?.kill();
    await harness.clock.until(() => harness.phase() === 'reconnecting', 'the engine is missed');
    cluster.services = believableServices(0);
    cluster.changed();
    await harness.until('connected');
    await harness.clock.advance(400);
    expect(known(items)).toEqual(byName(cluster.services));
    expect(ends).toEqual([]);
    await harness.off();
    await harness.clock.advance(200);
    expect(ends).toEqual([null]);
  });

  it('tells the truth of 10,000 Services of which 50 change a second, in at most ten items a second', {
    timeout: 120_000, // all of them are compared at each of some fifty changes
  }, async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    cluster.services = believableServices(0, 10_000);
    await harness.connect();
    const { items } = listen(harness, 'services', { context: 'production' });
    await harness.clock.advance(100);
    expect(known(items).size).toBe(10_000);
    const end = stir(cluster, harness.clock, 50);
    await harness.clock.advance(2000);
    end();
    await harness.clock.advance(500);
    expect(items.length).toBeGreaterThan(5);
    expect(items.length).toBeLessThanOrEqual(26);
    expect(items.slice(1).every((item) => item.kind === 'changes' && item.changed.length < 60)).toBe(true);
    expect(known(items)).toEqual(byName(cluster.services));
    await harness.off();
  });

  it('gathers for a subscriber that is paused', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    await harness.connect();
    const { items, subscription } = listen(harness, 'services', { context: 'production' });
    await harness.clock.advance(100);
    subscription.pause();
    const end = stir(cluster, harness.clock, 50);
    await harness.clock.advance(3000);
    end();
    expect(items.length).toBe(1);
    subscription.resume();
    await harness.clock.advance(500);
    expect(items.length).toBeLessThanOrEqual(3);
    expect(known(items)).toEqual(byName(cluster.services));
  });

  it('ends at once where the context is not on, and waits where it is on its way', async () => {
    const harness = new CoreHarness();
    const off = listen(harness, 'services', { context: 'production' });
    await harness.clock.advance(200);
    expect(off).toMatchObject({ items: [], ends: [null] });
    await harness.call('connect', { context: 'production' });
    const early = listen(harness, 'services', { context: 'production' });
    await harness.until('connected');
    await harness.clock.advance(200);
    expect(early.items.length).toBe(1);
    early.subscription.end();
    await harness.off();
    await harness.clock.advance(200);
    expect(early.ends).toEqual([]);
  });

  it.each([undefined, 'x', {}, { context: 7 }])('refuses the input %j', async (input) => {
    const harness = new CoreHarness();
    const { ends } = listen(harness, 'services', input);
    await harness.clock.advance(100);
    expect(ends).toMatchObject([{ code: 'message-malformed' }]);
  });
});

describe('the stream of counters', () => {
  it('brings totals that never fall, with those of each route, also over a new engine', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const { items } = listen(harness, 'counters', { context: 'production' });
    await harness.clock.advance(5000);
    expect(items.length).toBeGreaterThanOrEqual(5);
    expect(items.length).toBeLessThanOrEqual(7);
    const last = items.at(-1);
    expect(last?.routes.map(({ prefix }) => prefix)).toEqual(['10.96.0.0/16', '10.244.0.0/24', '10.244.1.0/24']);
    expect(last?.routes.reduce((sum, { bytesDown }) => sum + bytesDown, 0)).toBe(last?.bytesDown);
    harness.world.engines.running[0]?.kill();
    await harness.clock.until(() => harness.phase() === 'reconnecting', 'the engine is missed');
    await harness.until('connected');
    await harness.clock.advance(3000);
    const totals = items.map(({ bytesDown }) => bytesDown);
    expect(totals).toEqual(totals.toSorted((one, other) => one - other));
    expect(harness.in('connected').bytesDown).toBe(totals.at(-1));
    expect(totals.at(-1)).toBeGreaterThan(last?.bytesDown ?? 0);
  });
});

describe('the stream of the activity', () => {
  it('brings what happened, then what happens, and lives longer than the core', async () => {
    const harness = new CoreHarness();
    await harness.clock.advance(200);
    const { items, ends } = listen(harness, 'activity', {});
    await harness.clock.advance(200);
    expect(items).toMatchObject([{ entries: [{ kind: 'core-started' }] }]);
    await harness.connect();
    await harness.off();
    await harness.clock.advance(200);
    const kinds = items.flatMap(({ entries }) => entries.map(({ kind }) => kind));
    expect(kinds).toEqual([
      'core-started',
      'connect-asked',
      'agent-placed',
      'connected',
      'disconnect-asked',
      'disconnected',
    ]);
    const ids = items.flatMap(({ entries }) => entries.map(({ id }) => id));
    expect(ids).toEqual([1, 2, 3, 4, 5, 6]);
    await harness.core.close();
    expect(ends).toEqual([null]);
    harness.startCore();
    const again = listen(harness, 'activity', {});
    await harness.clock.advance(200);
    expect(again.items[0]?.entries.map(({ kind }) => kind)).toEqual([...kinds, 'core-started']);
    expect(again.items[0]?.entries.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('tells a loss and its end once each, whatever is counted meanwhile', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.clock.advance(5000);
    const { items } = listen(harness, 'activity', {});
    await harness.clock.advance(200);
    const before = items.length;
    harness.world.cluster.isReachable = false;
    await harness.clock.advance(20_000);
    harness.world.cluster.isReachable = true;
    await harness.until('connected');
    await harness.clock.advance(5000);
    const entries = items.slice(before).flatMap((item) => item.entries);
    expect(entries).toMatchObject([
      { kind: 'tunnel-lost', severity: 'warning', context: 'production', problem: { code: 'api-unreachable' } },
      { kind: 'tunnel-recovered', severity: 'info', context: 'production' },
    ]);
  });

  it('tells a connect that fails again and again for one reason once', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.killCore();
    harness.world.cluster.isReachable = false;
    harness.startCore();
    const { items } = listen(harness, 'activity', {});
    await harness.clock.advance(10 * 60_000);
    const kinds = items.flatMap(({ entries }) => entries.map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === 'connect-failed')).toEqual(['connect-failed']);
    harness.world.cluster.isReachable = true;
    await harness.until('connected');
  });
});
