/** Several clusters that are on at once, each for itself: whose ranges, whose names, and what ends with which. */
import { describe, expect, it } from 'vitest';
import { type Connection, failure, problem, type Snapshot } from '../../contract/index.ts';
import { mostConnections } from '../connections.ts';
import { CoreHarness } from './core-harness.ts';

const snapshotOf = (harness: CoreHarness): Snapshot => {
  let seen: Snapshot | undefined;
  harness.core.watch((snapshot) => {
    seen = snapshot;
  })();
  return seen as Snapshot;
};
const connectionOf = (harness: CoreHarness, context: string): Connection | undefined =>
  snapshotOf(harness).connections.find(({ cluster }) => cluster.context === context);
const modeOf = (harness: CoreHarness, context: string) => {
  const connection = connectionOf(harness, context);
  return connection?.phase === 'connected' || connection?.phase === 'reconnecting' ? connection.names.mode : 'none';
};
const namesMove = (harness: CoreHarness, context: string) =>
  harness.clock.until(() => modeOf(harness, context) === 'resolv-conf', `the names of ${context}`);

/** `production`, then `staging`: the same fake cluster, and so the same ranges. */
async function both(): Promise<CoreHarness> {
  const harness = new CoreHarness();
  await harness.connect();
  expect(await harness.call('connect', { context: 'staging' })).toMatchObject({ ok: true });
  await harness.clock.until(() => connectionOf(harness, 'staging')?.phase === 'connected', 'staging');
  return harness;
}

describe('two clusters at once', () => {
  it('leave the ranges to the first, and reach the other by other addresses', async () => {
    const harness = await both();
    const { host } = harness.world;
    expect(connectionOf(harness, 'production')?.phase).toBe('connected');
    expect(host.routes).toEqual(['10.96.0.0/16', '10.244.0.0/24', '10.244.1.0/24']);
    expect(connectionOf(harness, 'staging')).toMatchObject({
      routes: [
        { prefix: '10.96.0.0/16', decision: 'mapped', reason: 'other-cluster', virtual: '198.19.0.0/16' },
        { prefix: '10.244.0.0/24', decision: 'mapped', reason: 'other-cluster' },
        { prefix: '10.244.1.0/24', decision: 'mapped', reason: 'other-cluster' },
      ],
    });
    expect(host.beside.flatMap(({ routes }) => routes)[0]).toBe('198.19.0.0/16');
    await harness.off();
    harness.expectNothingLeft();
  });

  it('have the names of the first in force, and a suffix each', async () => {
    const harness = await both();
    expect(connectionOf(harness, 'production')).toMatchObject({
      names: { mode: 'resolv-conf', suffix: 'production-cluster' },
    });
    expect(connectionOf(harness, 'staging')).toMatchObject({ names: { mode: 'elsewhere', suffix: 'staging-cluster' } });
    const [first, second] = harness.world.engines.running;
    const scopes = (engine: typeof first) =>
      engine?.received.flatMap((command) =>
        command.command === 'scope' ? [command.scope] : command.command === 'connect' ? [command.connect.scope] : [],
      );
    expect(scopes(first)?.at(-1)).toMatchObject({
      suffix: 'production-cluster',
      clusters: [{ suffix: 'staging-cluster', resolver: '198.18.0.3' }],
    });
    expect(scopes(second)?.at(-1)).toMatchObject({
      namesElsewhere: true,
      clusters: [{ suffix: 'production-cluster' }],
    });
    expect(
      scopes(second)?.every(({ namesElsewhere }) => namesElsewhere),
      'it never took the first one’s names',
    ).toBe(true);
  });

  it('go on when one of them goes off, with the names of the one that stays', async () => {
    const harness = await both();
    expect(await harness.call('disconnect', { context: 'production' })).toMatchObject({
      ok: true,
      value: { leftOnHost: 0 },
    });
    await namesMove(harness, 'staging');
    expect(connectionOf(harness, 'staging')).toMatchObject({ phase: 'connected', names: { mode: 'resolv-conf' } });
    expect(snapshotOf(harness).wanted.map(({ context }) => context)).toEqual(['staging']);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('change the names in force at a word, one after the other', async () => {
    const harness = await both();
    expect(await harness.call('preferNames', { context: 'staging' })).toMatchObject({ ok: true });
    await namesMove(harness, 'staging');
    expect(modeOf(harness, 'production')).toBe('elsewhere');
    expect(await harness.call('preferNames', { context: 'elsewhere' })).toMatchObject({ ok: false });
  });

  it('have the names of the one that was named last in force, however fast the word changes', async () => {
    const harness = await both();
    for (const context of ['staging', 'production', 'staging', 'production', 'staging', 'production']) {
      void harness.core.call('preferNames', { context });
      await harness.clock.advance(3);
    }
    await harness.clock.advance(2000);
    expect([modeOf(harness, 'production'), modeOf(harness, 'staging')]).toEqual(['resolv-conf', 'elsewhere']);
    const degraded = snapshotOf(harness).connections.map((one) =>
      one.phase === 'connected' ? one.degraded : one.phase,
    );
    expect(degraded).toEqual([[], []]);
  });

  it('are both back after the core was killed', async () => {
    const harness = await both();
    await harness.killCore();
    harness.startCore();
    const isUp = (context: string) => connectionOf(harness, context)?.phase === 'connected';
    await harness.clock.until(() => isUp('production') && isUp('staging'), 'both');
    expect([modeOf(harness, 'production'), modeOf(harness, 'staging')]).toEqual(['resolv-conf', 'elsewhere']);
    await harness.off();
    expect(harness.world.host.isUntouched()).toBe(true);
  });

  it('keep the word on whose names are in force over a crash, off and on, and a start anew', async () => {
    const harness = await both();
    const isUp = (context: string) => connectionOf(harness, context)?.phase === 'connected';
    expect(await harness.call('preferNames', { context: 'staging' })).toMatchObject({ ok: true });
    await namesMove(harness, 'staging');
    await harness.killCore();
    harness.startCore();
    await harness.clock.until(() => isUp('production') && isUp('staging'), 'both');
    await namesMove(harness, 'staging');
    expect(modeOf(harness, 'production')).toBe('elsewhere');

    await harness.call('disconnect', { context: 'staging' });
    await namesMove(harness, 'production');
    await harness.call('connect', { context: 'staging' });
    await namesMove(harness, 'staging');
    expect(modeOf(harness, 'production')).toBe('elsewhere');

    const taken = { name: 'preferredNames', context: '', file: '', change: 'reset', words: [] };
    expect(await harness.core.call('changeSetting', taken)).toMatchObject({ ok: true });
    await namesMove(harness, 'production');
    expect(modeOf(harness, 'staging'), 'taken back, it is the first one’s again').toBe('elsewhere');
  });

  it('say that a word could not be kept, and leave the names as they are', async () => {
    const harness = await both();
    harness.world.store.saveSettings = async () => failure(problem('file-unwritable', 'the disk is full'));
    expect(await harness.call('preferNames', { context: 'staging' })).toMatchObject({
      ok: false,
      problem: { code: 'file-unwritable' },
    });
    expect(modeOf(harness, 'production')).toBe('resolv-conf');
  });

  it('lose one engine, and nothing of the other', async () => {
    const harness = await both();
    const [first, second] = harness.world.engines.running;
    second?.kill();
    await harness.clock.until(() => connectionOf(harness, 'staging')?.phase === 'reconnecting', 'it is lost');
    expect(connectionOf(harness, 'production')?.phase).toBe('connected');
    await harness.clock.until(() => connectionOf(harness, 'staging')?.phase === 'connected', 'it is back');
    first?.kill();
    await harness.clock.until(() => connectionOf(harness, 'production')?.phase === 'reconnecting', 'it is lost');
    expect(modeOf(harness, 'staging'), 'nobody’s names become another cluster’s meanwhile').toBe('elsewhere');
    await harness.clock.until(() => modeOf(harness, 'production') === 'resolv-conf', 'its names are back');
  });
});

it('no more than the helper has places for', async () => {
  const harness = new CoreHarness((world) => {
    const [like] = world.kubeconfig.contexts;
    const others = Array.from({ length: mostConnections }, (_, number) => `other-${number}`);
    world.kubeconfig.contexts.push(
      ...(like === undefined ? [] : others.map((name) => ({ ...like, name, current: false }))),
    );
  });
  await harness.connect();
  harness.world.faults.plan('discoverRanges', 'hangs', mostConnections); // the others are on their way
  for (let number = 0; number + 1 < mostConnections; number += 1) {
    expect(await harness.call('connect', { context: `other-${number}` })).toMatchObject({ ok: true });
  }
  expect(await harness.call('connect', { context: `other-${mostConnections - 1}` })).toMatchObject({
    ok: false,
    problem: { code: 'core-busy' },
  });
});
