import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../contract/index.ts';
import { service } from '../../fakes/service.ts';
import { startTraffic } from '../../fakes/traffic.ts';
import { CoreHarness } from './core-harness.ts';

describe('connect and disconnect', () => {
  it('goes up through every step, tells what is in force, and leaves nothing', async () => {
    const harness = new CoreHarness();
    const { world } = harness;
    const connection = await harness.connect();
    expect(connection.done.map(({ step }) => step)).toEqual([
      'cluster',
      'helper',
      'agent',
      'tunnel',
      'routes',
      'names',
      'verify',
    ]);
    expect(connection).toMatchObject({
      cluster: { context: 'production', server: 'https://kubernetes.example.org:6443' },
      interface: 'slipway1',
      homeNamespace: 'webshop',
      names: { mode: 'resolv-conf', clusterDomain: 'cluster.local' },
      agent: { namespace: 'webshop', pod: 'slipway-agent-1', delivery: 'sent' },
      degraded: [],
    });
    expect(connection.routes.map(({ prefix, decision }) => `${prefix} ${decision}`)).toEqual([
      '10.96.0.0/16 routed',
      '10.244.0.0/24 routed',
      '10.244.1.0/24 routed',
    ]);
    expect(world.host.routes).toEqual(['10.96.0.0/16', '10.244.0.0/24', '10.244.1.0/24']);
    expect(world.store.kept.wanted).toMatchObject([{ context: 'production', agentNamespace: 'webshop' }]);

    await harness.clock.advance(3000);
    const traffic = startTraffic(['10.96.0.0/16', '10.244.0.0/24', '10.244.1.0/24']);
    const [, , third] = [traffic(), traffic(), traffic()];
    const { bytesUp, bytesDown, roundTripMicroseconds } = third;
    expect(harness.in('connected')).toMatchObject({ bytesUp, bytesDown, roundTripMicroseconds });

    expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
    expect(harness.in('off').last).toBeNull();
    harness.expectNothingLeft();
    expect(world.store.kept.wanted).toEqual([]);
  });

  it('starts the helper again where it ended itself while the cluster took its time', async () => {
    const harness = new CoreHarness();
    const { host, faults } = harness.world;
    const ensured = faults.pass.bind(faults);
    let isGone = false;
    faults.pass = async (operation) => {
      const fault = await ensured(operation);
      if (operation === 'startEngine') {
        host.helperRuns = false;
        isGone = true;
      }
      return fault;
    };
    await harness.connect();
    expect(isGone).toBe(true);
    expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
    harness.expectNothingLeft();
  });

  it('keeps whose a range is that it reaches by other addresses', async () => {
    const harness = new CoreHarness();
    const { host, store } = harness.world;
    host.networks = [...host.networks, { prefix: '172.20.0.0/16', interface: 'docker0' }];
    store.kept = { ...store.kept, settings: { ...store.kept.settings, extraRanges: ['172.20.0.0/16'] } };
    const { routes, degraded } = await harness.connect();
    expect(routes.find(({ kind }) => kind === 'extra')).toMatchObject({
      decision: 'mapped',
      reason: 'own-subnet',
      conflict: '172.20.0.0/16',
      interface: 'docker0',
    });
    expect(degraded).toEqual([]);
  });

  it('changes nothing before the plan is known to be good, and then asks for the agent before the tunnel', async () => {
    const harness = new CoreHarness();
    const { world } = harness;
    world.faults.plan('prepare', 'hangs');
    await harness.call('connect', { context: 'production' });
    await harness.clock.advance(5000);
    expect(world.cluster.timesPlaced).toBe(0);
    expect(world.host.timesChanged).toBe(0);
    expect(world.faults.begun).toEqual(expect.arrayContaining(['reach', 'discoverRanges', 'startEngine']));
    await harness.off();
    harness.expectNothingLeft();
  });

  it('starts the helper again where it ended while the cluster was waited for', async () => {
    const harness = new CoreHarness();
    const { faults, host } = harness.world;
    await harness.call('connect', { context: 'production' });
    // One that nobody uses ends by itself: a login in a browser takes longer.
    for (let waited = 0; waited < 5000 && !faults.begun.includes('protectedAddresses'); waited += 1) {
      await harness.clock.advance(1);
    }
    host.helperRuns = false;
    await harness.until('connected');
    await harness.off();
    harness.expectNothingLeft();
  });

  it('sends the engine the namespaces at once and the ready endpoints once it is up', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const [engine] = harness.world.engines.running;
    expect(engine?.received.map(({ command }) => command)).toEqual([
      'prepare',
      'hosts',
      'connect',
      'reach',
      'endpoints',
    ]);
    expect(engine?.received[2]).toMatchObject({
      connect: {
        scope: { homeNamespace: 'webshop', namespaces: ['default', 'dev', 'infra', 'webshop'] },
        protected: ['203.0.113.10'],
        credentials: { bearerToken: 'token-1' },
        names: true,
      },
    });
    expect(engine?.received[3]).toMatchObject({
      reach: {
        name: 'kubernetes.default.svc.cluster.local',
        services: ['10.96.41.7:80'],
        pods: ['10.244.1.9:8080'],
        localPods: ['10.244.0.12:8080'],
      },
    });
    expect(engine?.received[4]).toMatchObject({
      endpoints: { services: [{ address: '10.96.41.7', ready: ['10.244.0.12', '10.244.1.9'] }] },
    });
  });

  it.each(Array.from({ length: 30 }, (_, index) => index * 5))(
    'a disconnect %i ms after the connect leaves nothing',
    async (milliseconds) => {
      const harness = new CoreHarness();
      await harness.call('connect', { context: 'production' });
      await harness.clock.advance(milliseconds);
      expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
      harness.expectNothingLeft();
      await harness.clock.advance(120_000);
      expect(harness.phase()).toBe('off');
      harness.expectNothingLeft();
    },
  );

  it('a disconnect that is sent right behind the connect is not overtaken by it', async () => {
    const harness = new CoreHarness();
    const connecting = harness.core.call('connect', { context: 'production' });
    const disconnecting = harness.core.call('disconnect', {});
    await harness.clock.advance(30_000);
    expect([(await connecting).ok, (await disconnecting).ok]).toEqual([true, true]);
    expect(harness.phase()).toBe('off');
    harness.expectNothingLeft();
  });

  it('two quick flips end connected, with one set of changes and one agent', async () => {
    const harness = new CoreHarness();
    const { world } = harness;
    for (const command of ['connect', 'disconnect', 'connect', 'disconnect', 'connect'] as const) {
      void harness.core.call(command, { context: 'production' });
      await harness.clock.advance(7);
    }
    await harness.until('connected');
    await harness.clock.advance(30_000);
    harness.in('connected');
    expect({ agents: world.cluster.agents.size, engines: world.engines.running.length }).toEqual({
      agents: 1,
      engines: 1,
    });
    await harness.off();
    harness.expectNothingLeft();
  });

  it('moves home without reconnecting', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.call('connect', { context: 'production', homeNamespace: 'infra' });
    await harness.clock.advance(500);
    expect(harness.in('connected').homeNamespace).toBe('infra');
    const [engine] = harness.world.engines.running;
    expect(engine?.received.findLast(({ command }) => command === 'scope')).toMatchObject({
      command: 'scope',
      scope: { homeNamespace: 'infra' },
    });
    expect(harness.world.cluster.timesPlaced).toBe(1);
  });

  it('waits for no catalogue: names are right before it, and whoever asks for Services hears them once they are read', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.isCatalogueRead = false;
      cluster.services = [...cluster.services, { ...service('webshop', 'ledger', '', []), headless: true }];
    });
    await harness.connect();
    await harness.clock.advance(1000);
    const { cluster, engines } = harness.world;
    const received = () => engines.running[0]?.received ?? [];
    const scope = { homeNamespace: 'webshop', namespaces: cluster.namespaces, headless: ['ledger'] };
    expect(received().find(({ command }) => command === 'connect')).toMatchObject({ connect: { scope } });
    expect(received().map(({ command }) => command)).not.toContain('endpoints');

    let listed: unknown;
    const asked = { context: 'production', namespaces: [], trustExec: false };
    void harness.core.call('listServices', asked).then((answer) => {
      listed = answer;
    });
    await harness.clock.advance(1000);
    expect(listed).toBeUndefined();
    cluster.isCatalogueRead = true;
    cluster.changed();
    await harness.clock.advance(500);
    expect(listed).toMatchObject({ ok: true, value: { services: [{ name: 'ledger' }, { name: 'orders' }] } });
    expect(received()).toContainEqual(
      expect.objectContaining({ command: 'endpoints', endpoints: expect.objectContaining({ whole: true }) }),
    );
    expect(
      received().map(({ command }) => command),
      'the names were known',
    ).not.toContain('scope');
  });

  it('sends changes of the catalogue gathered, and unchanged ones not at all', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.clock.advance(100);
    const { cluster, engines } = harness.world;
    const [engine] = engines.running;
    const before = engine?.received.length ?? 0;
    const [orders] = cluster.services;
    if (orders === undefined) {
      throw new Error('the fake cluster has no Service');
    }
    for (const address of ['10.244.0.13', '10.244.0.14', '10.244.0.15']) {
      cluster.services = [{ ...orders, endpoints: [{ address, ready: true, pod: 'orders-9', node: 'node-0' }] }];
      cluster.changed();
      await harness.clock.advance(20);
    }
    await harness.clock.advance(1000);
    const sent = engine?.received.slice(before) ?? [];
    expect(sent).toMatchObject([
      { command: 'reach', reach: { pods: [], localPods: ['10.244.0.15:8080'] } },
      { command: 'hosts', hosts: { add: ['10.244.0.15'], remove: ['10.244.0.12', '10.244.1.9'] } },
      { command: 'endpoints', endpoints: { services: [{ ready: ['10.244.0.15'] }] } },
    ]);
    cluster.services = [{ ...cluster.services[0], labels: { tier: 'front' } } as (typeof cluster.services)[0]];
    cluster.changed();
    await harness.clock.advance(1000);
    expect(engine?.received.length).toBe(before + 3);
  });

  it('publishes what follows quiet at once, in the long run at most ten snapshots a second, and the last one always', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const seen: Snapshot[] = [];
    harness.core.watch((snapshot) => seen.push(snapshot));
    const [engine] = harness.world.engines.running;
    let told = 0;
    const change = async (times: number, every: number) => {
      const before = seen.length;
      for (let index = 0; index < times; index += 1) {
        told += 1;
        const counters = { bytesUp: told, bytesDown: 0, packetsUp: 0, packetsDown: 0, flows: 0, routes: [] };
        engine?.say({
          event: 'counters',
          counters: {
            ...counters,
            refused: { memory: 0, descriptors: 0, ports: 0, unanswered: 0 },
            roundTripMicroseconds: 1,
          },
        });
        await harness.clock.advance(every);
      }
      return seen.length - before;
    };
    await harness.clock.advance(10_000);
    expect(await change(20, 10), 'as many as a connect has').toBeGreaterThanOrEqual(20);
    await change(1000, 4);
    expect(await change(1000, 4), 'in four seconds without an end').toBeLessThanOrEqual(41);
    await harness.clock.advance(150);
    expect(seen.at(-1)?.connections[0]).toMatchObject({ bytesUp: told });
    const revisions = seen.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.toSorted((first, second) => first - second));
    expect(new Set(revisions).size).toBe(revisions.length);
  });

  it('is idle exactly while nothing is on, under way or going to be tried again', async () => {
    const harness = new CoreHarness();
    const heard: boolean[] = [];
    harness.core.idle((isIdle) => heard.push(isIdle));
    await harness.clock.advance(10);
    expect(heard).toEqual([false, true]);
    await harness.connect();
    await harness.clock.advance(60_000);
    expect(heard.at(-1)).toBe(false);
    await harness.off();
    await harness.clock.advance(10);
    expect(heard.at(-1)).toBe(true);
  });

  it('undoes everything when it is closed, and wants the same at its next start', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    let isClosed = false;
    void harness.core.close().then(() => {
      isClosed = true;
    });
    await harness.clock.until(() => isClosed, 'the core is closed');
    harness.expectNothingLeft();
    harness.startCore();
    await harness.until('connected');
    expect(harness.in('connected').cluster.context).toBe('production');
  });

  it('answers a disconnect as soon as the laptop is restored, and takes the next context without complaint', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const { faults, host } = harness.world;
    faults.plan('deleteAgent', 'hangs');
    expect(await harness.call('disconnect', {})).toEqual({ ok: true, value: { leftOnHost: 0 } });
    expect(host.isUntouched()).toBe(true);
    harness.in('disconnecting');
    expect((await harness.connect({ context: 'staging' })).cluster.context).toBe('staging');
  });

  it('switches off the cluster that is named, and no other', async () => {
    const harness = new CoreHarness();
    const { file } = (await harness.connect()).cluster;
    for (const other of [{ context: 'staging' }, { context: 'production', file: '/elsewhere' }]) {
      expect(await harness.call('disconnect', other)).toEqual({ ok: true, value: { leftOnHost: 0 } });
      harness.in('connected');
      expect(harness.world.store.kept.wanted).toMatchObject([{ context: 'production' }]);
    }
    await harness.call('disconnect', { context: 'production', file });
    await harness.until('off');
    expect(harness.world.store.kept.wanted).toEqual([]);
    harness.expectNothingLeft();
  });

  it('quits after everything is off', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    let isAsked = false;
    harness.core.quitAsked(() => {
      isAsked = true;
      harness.expectNothingLeft();
    });
    expect(await harness.call('quit', {})).toMatchObject({ ok: true });
    await harness.clock.until(() => isAsked, 'the host hears it');
  });
});
