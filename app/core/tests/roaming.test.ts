import { describe, expect, it } from 'vitest';
import type { Connection } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

const home = [{ prefix: '192.168.1.0/24', interface: 'wlan0' }];
/** A company's network that is the pods' range of one node. */
const office = [{ prefix: '10.244.0.0/24', interface: 'wlan0' }];
/** A network that takes all that the cluster uses. */
const hall = [{ prefix: '10.0.0.0/8', interface: 'wlan0' }];
/** A VPN's route over all of it. */
const vpn = [{ prefix: '10.0.0.0/8', interface: 'tun0', isRoute: true as const }];
/** A bridge of the laptop's own in a part of each. */
const bridges = [
  { prefix: '10.96.4.0/24', interface: 'docker0' },
  { prefix: '10.244.0.128/25', interface: 'docker1' },
];

type Routed = Extract<Connection, { phase: 'connected' | 'reconnecting' }>;

const decisions = ({ routes }: Routed) => routes.map(({ prefix, decision }) => `${prefix} ${decision}`);
const withdrawn = ({ degraded }: Extract<Connection, { phase: 'connected' }>) =>
  degraded.filter(({ code }) => code === 'route-withdrawn').map(({ facts }) => facts.prefix);

const whole = ['10.96.0.0/16 routed', '10.244.0.0/24 routed', '10.244.1.0/24 routed'];
const left = ['10.96.0.0/16 routed', '10.244.0.0/24 mapped', '10.244.1.0/24 routed'];
const nothing = ['10.96.0.0/16 mapped', '10.244.0.0/24 mapped', '10.244.1.0/24 mapped'];

describe('a laptop that goes to other networks while connected', () => {
  it('reaches by other addresses what the network there needs, says so, and has it back afterwards', async () => {
    const harness = new CoreHarness();
    const { host } = harness.world;
    await harness.connect();
    host.moveTo(office);
    await harness.clock.advance(1000);
    const there = harness.in('connected');
    expect(decisions(there)).toEqual(left);
    expect(there.routes[1]).toMatchObject({
      ...{ reason: 'own-subnet', conflict: '10.244.0.0/24', interface: 'wlan0' },
      virtual: '198.19.0.0/24',
    });
    expect(there.degraded).toEqual([]);
    expect(host.routes).toEqual(['10.96.0.0/16', '10.244.1.0/24', '198.19.0.0/24']);
    host.moveTo(home);
    await harness.clock.advance(1000);
    expect(decisions(harness.in('connected'))).toEqual(whole);
    expect(harness.in('connected').degraded).toEqual([]);

    const kinds: string[] = [];
    harness.core.subscribe(
      'activity',
      {},
      ({ entries }) => void kinds.push(...entries.map(({ kind }) => kind)),
      () => {},
    );
    await harness.clock.advance(1000);
    expect(kinds).toEqual(expect.arrayContaining(['range-changed']));
    await harness.off();
    harness.expectNothingLeft();
  });

  it('stays connected where every range is withdrawn', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.host.moveTo(hall);
    await harness.clock.advance(1000);
    expect(decisions(harness.in('connected'))).toEqual(nothing);
    expect(withdrawn(harness.in('connected'))).toEqual([]);
    harness.world.host.moveTo(home);
    await harness.clock.advance(1000);
    expect(decisions(harness.in('connected'))).toEqual(whole);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('is told while its agent is sought, too', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.cluster.isReachable = false;
    harness.world.cluster.changed();
    await harness.until('reconnecting');
    harness.world.host.moveTo(office);
    await harness.clock.advance(1000);
    expect(decisions(harness.in('reconnecting'))).toEqual(left);
    harness.world.cluster.isReachable = true;
    harness.world.cluster.changed();
    await harness.until('connected');
    expect(decisions(harness.in('connected'))).toEqual(left);
    expect(withdrawn(harness.in('connected'))).toEqual([]);
    await harness.off();
  });

  it('keeps to where the API server is reached from there', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    await harness.connect();
    const elsewhere = cluster.serverAddress;
    cluster.serverAddress = '10.244.1.7'; // what an office's own nameserver says
    cluster.isReachable = false;
    cluster.changed();
    await harness.until('reconnecting');
    await harness.clock.advance(1000);
    expect(harness.in('reconnecting').routes[2]).toMatchObject({
      ...{ decision: 'cut', reason: 'protected', conflict: '10.244.1.7' },
      cuts: [{ prefix: '10.244.1.7/32' }],
    });
    cluster.isReachable = true;
    cluster.changed();
    await harness.until('connected');
    expect(harness.in('connected').degraded).toEqual([]);
    cluster.serverAddress = elsewhere;
    cluster.isReachable = false;
    cluster.changed();
    await harness.until('reconnecting');
    cluster.isReachable = true;
    cluster.changed();
    await harness.until('connected');
    await harness.clock.advance(1000);
    expect(decisions(harness.in('connected'))).toEqual(whole);
    await harness.off();
    harness.expectNothingLeft();
  });

  it.each<[string, typeof office, string[], (harness: CoreHarness) => Promise<unknown> | undefined]>([
    ['engine that crashes there', office, left, async ({ world }) => world.engines.running[0]?.kill()],
    ['helper that crashes there', office, left, async ({ world }) => world.engines.running[0]?.loseHelper()],
    ['core that starts anew there', office, left, (harness) => harness.killCore().then(() => harness.startCore())],
    ['engine that crashes where nothing is left', hall, nothing, async ({ world }) => world.engines.running[0]?.kill()],
    [
      'core that starts where nothing is left',
      hall,
      nothing,
      (harness) => harness.killCore().then(() => harness.startCore()),
    ],
  ])('comes back after an %s with what it had there', async (_name, there, expected, end) => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.host.moveTo(there);
    await harness.clock.advance(1000);
    await end(harness);
    await harness.clock.until(() => harness.phase() !== 'connected', 'it is lost');
    await harness.until('connected');
    expect(decisions(harness.in('connected'))).toEqual(expected);
    expect(withdrawn(harness.in('connected'))).toHaveLength(expected.filter((line) => line.endsWith('refused')).length);
    harness.world.host.moveTo(home);
    await harness.clock.advance(1000);
    expect(decisions(harness.in('connected'))).toEqual(whole);
    await harness.off();
    expect(harness.world.host.isUntouched()).toBe(true);
  });

  it('is connected where one range is the network that it is on, and says so', async () => {
    const harness = new CoreHarness(({ host }) => {
      host.networks = office;
    });
    const { degraded, routes } = await harness.connect();
    expect(routes.map(({ prefix, decision }) => `${prefix} ${decision}`)).toEqual(left);
    expect(degraded).toEqual([]);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('keeps what it needs of a range and routes the rest', async () => {
    const harness = new CoreHarness(({ host }) => {
      host.networks = bridges;
    });
    const { degraded, routes } = await harness.connect();
    expect(routes.map(({ prefix, decision, interface: on }) => [prefix, decision, on])).toEqual([
      ['10.96.0.0/16', 'cut', 'docker0'],
      ['10.244.0.0/24', 'cut', 'docker1'],
      ['10.244.1.0/24', 'routed', ''],
    ]);
    expect(degraded).toEqual([]);
    expect(harness.world.host.routes).toContain('10.244.0.0/25');
    expect(harness.world.host.routes).not.toContain('10.244.0.128/25');
    await harness.off();
    harness.expectNothingLeft();
  });

  it('routes the addresses of the cluster alone while a VPN has the range, and tells it once', async () => {
    const harness = new CoreHarness();
    const { host } = harness.world;
    await harness.connect();
    await harness.clock.advance(1000);
    const told: string[] = [];
    harness.core.subscribe(
      'activity',
      {},
      ({ entries }) =>
        void told.push(
          ...entries
            .filter(({ kind }) => kind === 'range-changed')
            .map(({ facts }) => `${facts.prefix} ${facts.decision}`),
        ),
      () => {},
    );
    host.moveTo(vpn);
    await harness.clock.advance(1000);
    const there = harness.in('connected');
    expect(decisions(there)).toEqual(whole.map((line) => line.replace('routed', 'narrowed')));
    expect(there.routes[0]).toMatchObject({ reason: 'other-route', conflict: '10.0.0.0/8', interface: 'tun0' });
    expect(there.degraded).toEqual([]);
    const { services, pods } = harness.world.cluster;
    const shown = [...services, ...pods.filter(({ hostNetwork, health }) => !hostNetwork && health !== 'done')];
    const inRanges = shown.flatMap(({ addresses }) => addresses).filter((address) => /^10\.(96|244)\./.test(address));
    expect(host.routes).toEqual(expect.arrayContaining(inRanges.map((address) => `${address}/32`)));
    host.moveTo(home);
    await harness.clock.advance(1000);
    expect(host.routes).toEqual(['10.96.0.0/16', '10.244.0.0/24', '10.244.1.0/24']);
    await harness.clock.advance(1000);
    expect(told).toEqual([...whole.map((line) => line.replace('routed', 'narrowed')), ...whole]);
    await harness.off();
    harness.expectNothingLeft();
  });
});
