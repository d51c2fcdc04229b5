import { describe, expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import type { FakeEngine } from '../../fakes/engine.ts';
import { CoreHarness } from './core-harness.ts';

function engineOf(harness: CoreHarness): FakeEngine {
  const [engine] = harness.world.engines.running;
  if (engine === undefined) {
    throw new Error('no engine runs');
  }
  return engine;
}

function withoutRecovery(): CoreHarness {
  return new CoreHarness((world) => {
    world.store.kept.settings = { ...world.store.kept.settings, recover: false };
  });
}

/** Exactly one set of changes is in force, and a disconnect restores everything. */
async function expectOneSet(harness: CoreHarness): Promise<void> {
  const { host, engines, cluster } = harness.world;
  expect({
    engines: engines.running.length,
    lease: host.lease === engines.running[0]?.processId,
    tun: host.tun === `slipway${host.lease}`,
    openPorts: cluster.openPorts,
  }).toEqual({ engines: 1, lease: true, tun: true, openPorts: 1 });
  expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
  expect(host.isUntouched()).toBe(true);
  expect(engines.running).toEqual([]);
}

describe('with recovery on', () => {
  it('a crash of the engine is mended with a new one and the same agent', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.clock.advance(61_000);
    const before = engineOf(harness).processId;
    engineOf(harness).kill();
    await harness.until('reconnecting');
    expect(harness.in('reconnecting')).toMatchObject({ hostKept: false, because: { code: 'engine-ended' } });
    await harness.until('connected');
    expect(harness.world.cluster.timesPlaced).toBe(1);
    expect(harness.in('connected').interface).toBe('slipway2');
    const [connect] = engineOf(harness).received.filter(({ command }) => command === 'connect');
    expect(connect, 'the agent ends what the killed engine left, and so does the laptop').toMatchObject({
      connect: {
        ownerSecret: harness.world.cluster.ownerSecret,
        wantedAddresses: [{ laptop: `198.18.${before}.2`, engine: `198.18.${before}.3` }],
      },
    });
    await expectOneSet(harness);
    harness.expectNothingLeft();
  });

  it('an engine that crashes again and again is started ever more slowly', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    for (let crash = 0; crash < 5; crash += 1) {
      engineOf(harness).kill();
      await harness.until('reconnecting');
      await harness.until('connected');
    }
    engineOf(harness).kill();
    await harness.until('reconnecting');
    const { nextTryAt, attempt } = harness.in('reconnecting');
    expect(attempt).toBeGreaterThan(5);
    expect(nextTryAt - harness.clock.now()).toBeGreaterThan(4000);
    await harness.until('connected');
    await expectOneSet(harness);
  });

  it('a lost helper is started anew, and with it everything', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    engineOf(harness).loseHelper();
    await harness.until('reconnecting');
    expect(harness.in('reconnecting').because.code).toBe('helper-lost');
    await harness.until('connected');
    await expectOneSet(harness);
    harness.expectNothingLeft();
  });

  it('an engine and its agent that are gone together are both replaced', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    engineOf(harness).kill();
    harness.world.cluster.deleteAgents();
    await harness.until('reconnecting');
    await harness.until('connected');
    expect(harness.in('connected').agent.pod).toBe('slipway-agent-2');
    await expectOneSet(harness);
    harness.expectNothingLeft();
  });

  it('a helper that cannot be started is tried again until it can', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('ensureHelper', problem('helper-missing', 'nobody to ask'), 4);
    engineOf(harness).loseHelper();
    await harness.clock.advance(3000);
    expect(harness.in('reconnecting').because.code).toBe('helper-missing');
    await harness.until('connected');
    await expectOneSet(harness);
  });

  it.each(['engine', 'helper', 'engine and helper'])(
    'a kill of the %s at any time of the connect is mended',
    async (what) => {
      for (let milliseconds = 0; milliseconds <= 150; milliseconds += 10) {
        const harness = new CoreHarness();
        await harness.call('connect', { context: 'production' });
        await harness.clock.advance(milliseconds);
        for (const engine of [...harness.world.engines.running]) {
          if (what.includes('helper')) {
            engine.loseHelper();
          } else {
            engine.kill();
          }
        }
        await harness.until('connected');
        await expectOneSet(harness);
        harness.expectNothingLeft();
      }
    },
  );

  it('a kill of the core at any time is mended by the next one', async () => {
    for (let milliseconds = 0; milliseconds <= 150; milliseconds += 10) {
      const harness = new CoreHarness();
      await harness.call('connect', { context: 'production' });
      await harness.clock.advance(milliseconds);
      await harness.killCore();
      harness.world.cluster.openPorts = 0;
      harness.startCore();
      await harness.until('connected');
      await expectOneSet(harness);
    }
  });

  it('a restored connection counts as used now', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.killCore();
    await harness.clock.advance(3_600_000);
    const restoredAt = harness.clock.now();
    harness.startCore();
    await harness.until('connected');
    const listed = await harness.call('listContexts', {});
    const used = listed.ok ? listed.value.contexts.find(({ name }) => name === 'production')?.lastUsedAt : null;
    expect(used).toBeGreaterThanOrEqual(restoredAt);
  });

  it('a restored connection waits for a cluster that is not there yet', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.killCore();
    harness.world.cluster.isReachable = false;
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed')).toMatchObject({ retry: 'automatic', because: { code: 'api-unreachable' } });
    await harness.clock.advance(20_000);
    harness.world.cluster.isReachable = true;
    await harness.until('connected');
  });

  it('waits while the helper still undoes the engine before', async () => {
    const harness = new CoreHarness();
    harness.world.host.helperRuns = true;
    harness.world.host.lease = 99;
    await harness.call('connect', { context: 'production' });
    await harness.clock.advance(1000);
    harness.world.host.undo();
    await harness.until('connected');
    await expectOneSet(harness);
  });
});

describe('with recovery off', () => {
  it.each<[string, string, (engine: FakeEngine) => void]>([
    ['engine', 'engine-ended', (engine) => engine.kill()],
    ['helper', 'helper-lost', (engine) => engine.loseHelper()],
  ])('a lost %s ends it with %s and a laptop that was looked at', async (_, code, lose) => {
    const harness = withoutRecovery();
    await harness.connect();
    lose(engineOf(harness));
    await harness.until('failed');
    expect(harness.in('failed')).toMatchObject({ because: { code }, leftOnHost: 0, retry: 'offered' });
    harness.expectNothingLeft();
  });

  it('changes that nobody can vouch for are told as left', async () => {
    const harness = withoutRecovery();
    await harness.connect();
    harness.world.faults.plan('ensureHelper', problem('helper-missing', 'nobody to ask'), 99);
    engineOf(harness).loseHelper();
    await harness.until('failed');
    expect(harness.in('failed').leftOnHost).toBeGreaterThan(0);
    harness.world.faults.clear();
    expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
    harness.expectNothingLeft();
  });

  it('a new core wants nothing', async () => {
    const harness = withoutRecovery();
    await harness.connect();
    await harness.killCore();
    harness.startCore();
    await harness.clock.advance(10_000);
    expect(harness.phase()).toBe('none');
    expect(harness.world.store.kept.wanted).toEqual([]);
  });
});

describe('while connected', () => {
  it('an API server that goes away and comes back keeps the laptop as it is', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.cluster.isReachable = false;
    await harness.until('reconnecting');
    expect(harness.in('reconnecting')).toMatchObject({ hostKept: true, because: { code: 'api-unreachable' } });
    await harness.clock.advance(60_000);
    harness.in('reconnecting');
    expect(harness.world.host.isUntouched()).toBe(false);
    harness.world.cluster.isReachable = true;
    await harness.until('connected');
    expect(harness.world.host.timesChanged).toBe(1);
    expect(harness.world.cluster.timesPlaced).toBe(1);
  });

  it('an agent that is gone is replaced behind the same interface', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.cluster.deleteAgents();
    await harness.until('reconnecting');
    await harness.until('connected');
    expect(harness.in('connected').agent.pod).toBe('slipway-agent-2');
    expect(harness.world.host.timesChanged).toBe(1);
    expect([...harness.world.cluster.agents.keys()]).toEqual(['slipway-agent-2']);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('a new agent that cannot be made yet is tried again, one that never will ends it', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('placeAgent', problem('agent-unschedulable', 'no node'), 2);
    harness.world.cluster.deleteAgents();
    await harness.clock.advance(400);
    expect(harness.in('reconnecting').because.code).toBe('agent-unschedulable');
    await harness.until('connected');
    harness.world.faults.plan('placeAgent', problem('agent-refused', 'quota'));
    harness.world.cluster.deleteAgents();
    await harness.until('failed');
    expect(harness.in('failed')).toMatchObject({ because: { code: 'agent-refused' }, retry: 'pointless' });
    harness.expectNothingLeft();
  });

  it('an agent that the engine misses but the API server knows is tried once more, then replaced', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const engine = engineOf(harness);
    engine.say({ event: 'agentLost', problem: { code: 'agent-unreachable', cause: 'it refuses this session' } });
    await harness.until('connected');
    expect(engine.received.at(-1)).toMatchObject({ command: 'agent', agent: { pod: 'slipway-agent-1' } });
    expect(harness.world.cluster.timesPlaced).toBe(1);
  });

  it('a disconnect while the agent is replaced leaves nothing', async () => {
    for (let milliseconds = 0; milliseconds <= 60; milliseconds += 5) {
      const harness = new CoreHarness();
      await harness.connect();
      harness.world.cluster.deleteAgents();
      await harness.clock.advance(milliseconds);
      await harness.off();
      harness.expectNothingLeft();
      await harness.clock.advance(60_000);
      harness.expectNothingLeft();
    }
  });

  it('expired credentials are fetched anew', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.cluster.token = 'token-2';
    harness.world.cluster.changed();
    await harness.clock.advance(100);
    harness.world.cluster.changed();
    await harness.until('connected');
    expect(engineOf(harness).received.filter(({ command }) => command === 'credentials')).toEqual([
      { command: 'credentials', credentials: { bearerToken: 'token-2' } },
    ]);
  });

  it('credentials that cannot be renewed are a warning while the tunnel lives, and gone once they can', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('credentials', problem('exec-failed', 'log in first', { command: 'cloud-login' }));
    engineOf(harness).refuseCredentials();
    await harness.clock.advance(500);
    expect(harness.in('connected').degraded.map(({ code }) => code)).toEqual(['exec-failed']);
    engineOf(harness).refuseCredentials();
    await harness.clock.advance(500);
    expect(harness.in('connected').degraded).toEqual([]);
  });

  it('credentials that cannot be renewed end it when the tunnel is lost', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('credentials', problem('exec-failed', 'log in first', { command: 'cloud-login' }), 9);
    harness.world.cluster.token = 'token-2';
    harness.world.cluster.changed();
    await harness.until('failed');
    expect(harness.in('failed').because.code).toBe('exec-failed');
    harness.expectNothingLeft();
  });

  it('names that cannot be set and rights that are missing are told, each once', async () => {
    const listSlices = { verb: 'list', resource: 'endpointslices' };
    const harness = new CoreHarness(({ cluster, faults }) => {
      const missing = problem('service-endpoints-unknown', 'denied', listSlices, 'kind: ClusterRole');
      cluster.catalogueProblems = [missing];
      cluster.missingRights = [missing];
      cluster.clockSkew = 600_000;
      faults.plan('names', problem('resolver-unset', 'read-only'));
    });
    const { degraded, names } = await harness.connect();
    expect(degraded.map(({ code }) => code).toSorted()).toEqual([
      'clock-wrong',
      'resolver-unset',
      'service-endpoints-unknown',
    ]);
    expect(names).toMatchObject({ mode: 'off', upstreams: ['192.168.1.1'] });
  });
});
