import { describe, expect, it } from 'vitest';
import { problem, type Work } from '../../contract/index.ts';
import { sandboxKubeconfig } from '../../fakes/sandbox.ts';
import { CoreHarness } from './core-harness.ts';

async function workOf(harness: CoreHarness): Promise<Work[]> {
  const snapshot = await harness.call('getSnapshot', {});
  return snapshot.ok ? snapshot.value.work : [];
}

async function started(harness: CoreHarness): Promise<string> {
  const answer = await harness.call('startSandbox', {});
  if (!answer.ok) {
    throw new Error(answer.problem.cause);
  }
  return answer.value.work;
}

describe('the sandbox as long work', () => {
  it('shows what it does, then offers its context with what that needs', async () => {
    const harness = new CoreHarness();
    const seen: (number | null)[] = [];
    harness.core.watch(({ work: [work] }) => work !== undefined && seen.push(work.fraction));
    const id = await started(harness);
    expect(await workOf(harness)).toMatchObject([{ id, kind: 'sandbox-start', state: 'running', endedAt: null }]);
    await harness.clock.advance(1000);
    expect(await workOf(harness)).toMatchObject([{ id, state: 'done', problem: null }]);
    expect(seen.length).toBeGreaterThan(1);
    const listed = await harness.call('listContexts', {});
    expect(listed.ok && listed.value.contexts.at(-1)).toMatchObject({ name: 'sandbox', file: sandboxKubeconfig });
    await harness.call('connect', { context: 'sandbox' });
    await harness.until('connected');
    expect(harness.in('connected').agent.image).toBe('sandbox.local/base:1');
  });

  it('is begun once, however often that is asked', async () => {
    const harness = new CoreHarness();
    expect(await started(harness)).toBe(await started(harness));
    expect(await workOf(harness)).toHaveLength(1);
  });

  it('leaves nothing half when it is cancelled, and offers no context', async () => {
    const harness = new CoreHarness();
    const id = await started(harness);
    await harness.clock.until(() => harness.world.sandbox.isHalf, 'it is half made');
    expect(await harness.call('cancelWork', { work: id })).toMatchObject({ ok: true });
    await harness.clock.advance(200);
    expect(await workOf(harness)).toMatchObject([{ id, state: 'cancelled', problem: null }]);
    expect(harness.world.sandbox).toMatchObject({ isHalf: false, isUp: false });
    expect(await harness.call('getSettings', {})).toMatchObject({ ok: true, value: { kubeconfigFiles: [] } });
  });

  it('tells why this computer cannot run it', async () => {
    const harness = new CoreHarness(({ sandbox }) => {
      sandbox.unsupported = problem('sandbox-unsupported', 'The sandbox needs Linux.');
    });
    await started(harness);
    await harness.clock.advance(100);
    expect(await workOf(harness)).toMatchObject([{ state: 'failed', problem: { code: 'sandbox-unsupported' } }]);
  });

  it('takes its context away again when it is ended', async () => {
    const harness = new CoreHarness();
    await started(harness);
    await harness.clock.advance(1000);
    expect(await harness.call('stopSandbox', {})).toMatchObject({ ok: true });
    await harness.clock.advance(200);
    expect(harness.world.sandbox.isUp).toBe(false);
    expect(await harness.call('getSettings', {})).toMatchObject({
      ok: true,
      value: { kubeconfigFiles: [], contexts: [] },
    });
  });

  it('is shown for ten minutes after its end, and keeps the core alive until then no more', async () => {
    const harness = new CoreHarness();
    let isIdle = true;
    harness.core.idle((idle) => {
      isIdle = idle;
    });
    await started(harness);
    expect(isIdle).toBe(false);
    await harness.clock.advance(1000);
    expect(isIdle).toBe(true);
    await harness.clock.advance(601_000);
    expect(await workOf(harness)).toEqual([]);
  });

  it('ends with the core', async () => {
    const harness = new CoreHarness();
    await started(harness);
    await harness.clock.until(() => harness.world.sandbox.isHalf, 'it is half made');
    const closed = harness.core.close();
    await harness.clock.advance(500);
    await closed;
    expect(harness.world.sandbox).toMatchObject({ isHalf: false, isUp: false });
  });

  it('refuses to cancel what is not there', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('cancelWork', { work: 'x' })).toMatchObject({ ok: false, problem: { code: 'usage' } });
  });
});
