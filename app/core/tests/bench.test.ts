/** Measuring a connection for a frontend: rows as they come, one at a time, and nothing left when nobody listens. */
import { describe, expect, it } from 'vitest';
import { type BenchItem, type Problem, problem, streams } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

function measure(harness: CoreHarness, input: object = {}) {
  const items: BenchItem[] = [];
  const ends: (Problem | null)[] = [];
  const subscription = harness.core.subscribe(
    'bench',
    { context: 'production', ...input },
    (item) => items.push(streams.bench.item.parse(item)),
    (because) => ends.push(because),
  );
  return { items, ends, subscription, last: () => items.at(-1) };
}
async function connected(more: Parameters<CoreHarness['connect']>[0] = {}): Promise<CoreHarness> {
  const harness = new CoreHarness();
  await harness.connect(more);
  return harness;
}

describe('the stream of a bench', () => {
  it('tells what is measured, what is known by then, and that it is done', async () => {
    const harness = await connected();
    const { items, ends, last } = measure(harness);
    await harness.clock.until(() => last()?.state === 'done', 'it is done');
    expect(new Set(items.map(({ step }) => step))).toEqual(
      new Set(['requests', 'connections', 'names', 'down1', 'up1', 'down8', 'up8', null]),
    );
    expect(items.map(({ figures }) => figures.transfers.length)).toEqual(
      items.map(({ figures }) => figures.transfers.length).toSorted((one, other) => one - other),
    );
    expect(last()).toMatchObject({ figures: { path: 'apiserver', transfers: { length: 4 } }, pathChanged: false });
    expect([harness.world.bench.running, ends]).toEqual([0, []]);
  });

  it('ends at once when nobody listens any more, and can be begun again', async () => {
    const harness = await connected();
    const first = measure(harness);
    await harness.clock.advance(800);
    expect(harness.world.bench.running).toBe(1);
    first.subscription.end();
    await harness.clock.advance(20);
    expect(harness.world.bench.running).toBe(0);
    const second = measure(harness);
    await harness.clock.until(() => second.last()?.state === 'done', 'it is done');
  });

  it('refuses a second one beside it, and not after it', async () => {
    const harness = await connected();
    const first = measure(harness);
    const second = measure(harness);
    await harness.clock.advance(300);
    expect(second.items).toMatchObject([{ state: 'failed', problem: { code: 'bench-busy' } }]);
    second.subscription.end();
    await harness.clock.until(() => first.last()?.state === 'done', 'the first is not disturbed');
    const third = measure(harness);
    await harness.clock.advance(300);
    expect(third.last()).toMatchObject({ state: 'measuring' });
  });

  it('says why it failed', async () => {
    const harness = await connected();
    harness.world.faults.plan('bench', problem('bench-broken', 'measuring ended with: read ECONNRESET'));
    const { last } = measure(harness);
    await harness.clock.until(() => last()?.state === 'failed', 'it failed');
    expect(last()).toMatchObject({ step: null, problem: { code: 'bench-broken', facts: { context: 'production' } } });
    expect(harness.world.bench.running).toBe(0);
  });

  it('ends with the connection, and says that there is none', async () => {
    const harness = await connected();
    const { last } = measure(harness);
    await harness.clock.advance(500);
    await harness.off();
    await harness.clock.advance(200);
    expect(last()).toMatchObject({ state: 'failed', problem: { code: 'not-connected' } });
    expect(harness.world.bench.running).toBe(0);
    const off = measure(harness);
    await harness.clock.advance(200);
    expect(off.last()).toMatchObject({ state: 'failed', problem: { code: 'not-connected' } });
  });

  it('ends with the connection also where that is back at once', async () => {
    const harness = await connected();
    const { last } = measure(harness);
    await harness.clock.advance(500);
    await harness.off();
    await harness.connect();
    await harness.clock.advance(200);
    expect(last()).toMatchObject({ state: 'failed', problem: { code: 'not-connected' } });
    expect(harness.world.bench.running).toBe(0);
  });

  it('says that the connection took another path meanwhile', async () => {
    const harness = await connected();
    const { last } = measure(harness);
    await harness.clock.advance(300);
    harness.world.engines.running[0]?.say({ event: 'path', path: { path: 'direct', tried: [] } });
    await harness.clock.until(() => last()?.state === 'done', 'it is done');
    expect(last()).toMatchObject({ pathChanged: true, figures: { path: 'apiserver' } });
  });

  it('refuses what cannot be measured: a proxy, and seconds past the agent’s bound', async () => {
    const harness = await connected({ proxy: true });
    const byProxy = measure(harness);
    const tooLong = measure(harness, { seconds: 21 });
    await harness.clock.advance(200);
    expect(byProxy.last()).toMatchObject({ state: 'failed', problem: { code: 'bench-unfit' } });
    expect(tooLong.ends).toMatchObject([{ code: 'message-malformed' }]);
    expect(harness.world.bench.running).toBe(0);
  });

  it('is not left by a core that closes', async () => {
    const harness = await connected();
    measure(harness);
    await harness.clock.advance(500);
    let isClosed = false;
    void harness.core.close().then(() => {
      isClosed = true;
    });
    await harness.clock.until(() => isClosed, 'it is closed');
    await harness.clock.advance(50);
    expect(harness.world.bench.running).toBe(0);
  });
});
