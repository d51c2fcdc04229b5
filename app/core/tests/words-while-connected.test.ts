/** The user's word on a range of a cluster that is on: in force at once, and nothing else moves. */
import { describe, expect, it } from 'vitest';
import type { Range } from '../ports.ts';
import { CoreHarness } from './core-harness.ts';

const services = '10.96.0.0/16';
const change = (harness: CoreHarness, how: 'add' | 'remove', name: string, range: string, context = 'production') =>
  harness.call('changeSetting', { name, context, file: '', change: how, words: [range] });
const decided = (harness: CoreHarness) =>
  harness.in('connected').routes.map(({ prefix, decision }) => `${prefix} ${decision}`);
const codes = (harness: CoreHarness) => harness.in('connected').degraded.map(({ code }) => code);
const phases = async (harness: CoreHarness, work: () => Promise<void>) => {
  const seen = new Set<string>();
  const end = harness.core.watch(({ connections: [connection] }) => seen.add(connection?.phase ?? 'none'));
  await work();
  end();
  return [...seen];
};

async function connected(more: readonly Range[] = []): Promise<CoreHarness> {
  const harness = new CoreHarness(({ cluster }) => {
    cluster.ranges = [...cluster.ranges, ...more];
  });
  await harness.connect();
  await harness.clock.advance(500);
  return harness;
}

describe('a word on a range while connected', () => {
  it.each([
    ['mappedRanges', 'production', '10.96.0.0/16 mapped', ['198.19.0.0/16']],
    ['narrowedRanges', 'production', '10.96.0.0/16 narrowed', []],
    ['excludedRanges', '', '10.96.0.0/16 excluded', []],
  ])('counts at once, and so does taking it back: %s', async (name, context, decision, routes) => {
    const harness = await connected();
    const { host, engines } = harness.world;
    const before = decided(harness);
    const literal = host.routes;
    const seen = await phases(harness, async () => {
      expect(await change(harness, 'add', name, services, context)).toMatchObject({ ok: true });
      await harness.clock.advance(500);
      expect(decided(harness)).toContain(decision);
      expect(host.routes).toEqual(expect.arrayContaining(['10.244.0.0/24', ...routes]));
      expect(host.routes).not.toContain(services);

      expect(await change(harness, 'remove', name, services, context)).toMatchObject({ ok: true });
      await harness.clock.advance(500);
    });
    expect(seen).toEqual(['connected']);
    expect(decided(harness)).toEqual(before);
    expect(host.routes).toEqual(expect.arrayContaining(literal));
    expect(engines.running).toHaveLength(1);
    expect(codes(harness)).toEqual([]);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('adds a range of the user’s own', async () => {
    const harness = await connected();
    await change(harness, 'add', 'extraRanges', '10.40.0.0/16', '');
    await harness.clock.advance(500);
    expect(harness.world.host.routes).toContain('10.40.0.0/16');
    expect(harness.in('connected').routes).toContainEqual(
      expect.objectContaining({ prefix: '10.40.0.0/16', kind: 'extra', origin: 'user', decision: 'routed' }),
    );
  });

  it('says of a range that the laptop needs that it is refused, and of none that it is withdrawn', async () => {
    const harness = await connected();
    await change(harness, 'add', 'extraRanges', '192.168.1.0/24', '');
    await harness.clock.advance(500);
    expect(decided(harness)).toContain('192.168.1.0/24 mapped');
    harness.world.host.refusals = { '10.41.0.0/16': 'too-many' };
    await change(harness, 'add', 'extraRanges', '10.41.0.0/16', '');
    await harness.clock.advance(500);
    expect(codes(harness)).toEqual(['route-refused']);
    expect(harness.world.host.routes).toContain(services);
  });

  it('keeps what is in force where nothing would be left, and says so until there is another word', async () => {
    const harness = await connected();
    const before = decided(harness);
    await change(harness, 'add', 'excludedRanges', '10.0.0.0/8', '');
    await harness.clock.advance(500);
    expect(decided(harness)).toEqual(before);
    expect(codes(harness)).toEqual(['ranges-kept']);
    harness.world.host.moveTo([{ prefix: '192.168.7.0/24', interface: 'wlan0' }]);
    await harness.clock.advance(500);
    expect(codes(harness)).toEqual(['ranges-kept']);
    await change(harness, 'remove', 'excludedRanges', '10.0.0.0/8', '');
    await harness.clock.advance(500);
    expect(codes(harness)).toEqual([]);
    expect(decided(harness)).toEqual(before);
  });

  it('keeps what is in force where the laptop cannot follow, and tells why', async () => {
    const harness = await connected();
    const { host, engines } = harness.world;
    const [engine] = engines.running;
    const before = decided(harness);
    const told = harness.in('connected').routes.map(({ prefix }) => ({ prefix, decision: 'routed' as const }));
    host.replan = () => {
      const decisions = host.check({ ranges: told, protected: [] });
      const problem = { code: 'internal', cause: 'the journal cannot be written: no space left on device' };
      engine?.say({ event: 'routes', routes: { decisions, problem } });
    };
    await change(harness, 'add', 'mappedRanges', services);
    await harness.clock.advance(500);
    expect(decided(harness)).toEqual(before);
    expect(harness.in('connected').degraded).toMatchObject([
      { code: 'ranges-kept', cause: 'the journal cannot be written: no space left on device' },
    ]);
    const plans = engine?.received.flatMap((sent) => (sent.command === 'plan' ? [sent.plan.mappings ?? []] : []));
    expect(plans?.at(-1), 'the engine has the plan of before again').toEqual([]);
  });

  it('leaves as it is what there are no other addresses for, and says so', async () => {
    const harness = await connected([{ prefix: '10.0.0.0/8', kind: 'pods', origin: 'calico-pool' }]);
    await change(harness, 'add', 'extraRanges', '240.0.0.0/4', '');
    await change(harness, 'add', 'extraRanges', '100.64.0.0/10', '');
    await change(harness, 'add', 'mappedRanges', '10.0.0.0/8');
    await harness.clock.advance(2000);
    expect(decided(harness)).toContain('10.0.0.0/8 routed');
    expect(harness.world.host.routes).toContain('10.0.0.0/8');
    expect(codes(harness)).toContain('ranges-kept');
  });

  it('is what counts last, however fast it changes', async () => {
    const harness = await connected();
    const seen = new Set<string>();
    const end = harness.core.watch(() => seen.add(codes(harness).join()));
    for (const [how, name] of [
      ['add', 'mappedRanges'],
      ['add', 'narrowedRanges'],
      ['remove', 'mappedRanges'],
      ['add', 'routedRanges'],
      ['remove', 'narrowedRanges'],
    ] as const) {
      await harness.core.call('changeSetting', {
        ...{ name, context: 'production', file: '', change: how, words: [services] },
      });
    }
    await change(harness, 'add', 'extraRanges', '10.42.0.0/16', '');
    await harness.clock.advance(1000);
    end();
    expect(decided(harness)).toContain(`${services} routed`);
    expect(harness.world.host.routes).toContain('10.42.0.0/16');
    expect([...seen]).toEqual(['']);
  });

  it('counts where it came while the connection came up', async () => {
    const harness = new CoreHarness();
    void harness.core.call('connect', { context: 'production' });
    await harness.clock.until(() => harness.world.faults.begun.includes('verify'), 'the last step');
    await change(harness, 'add', 'mappedRanges', services);
    await harness.connect();
    await harness.clock.advance(500);
    expect(decided(harness)).toContain(`${services} mapped`);
  });

  it('is kept by another engine', async () => {
    const harness = await connected();
    await change(harness, 'add', 'mappedRanges', services);
    await harness.clock.advance(500);
    harness.world.engines.running[0]?.kill();
    await harness.clock.advance(200);
    await change(harness, 'add', 'narrowedRanges', '10.244.1.0/24');
    await harness.clock.until(() => harness.phase() === 'connected', 'it is back');
    await harness.clock.advance(500);
    expect(decided(harness)).toEqual(expect.arrayContaining([`${services} mapped`, '10.244.1.0/24 narrowed']));
    const mapped = harness.in('connected').routes.find(({ prefix }) => prefix === services);
    expect(mapped?.virtual, 'by the same addresses').toBe('198.19.0.0/16');
  });
});
