import { describe, expect, it } from 'vitest';
import { type Connection, type Login, problem, type Snapshot } from '../contract/index.ts';
import { lossPatience, type NoticeMemory, notice, quietTime } from './notices.ts';

const cluster = { context: 'production', file: 'config', server: 'https://api' };
const names = {
  mode: 'resolved',
  resolver: '',
  clusterDomain: '',
  domains: [],
  search: [],
  upstreams: [],
  refused: [],
};
const agent = { namespace: 'a', pod: 'p', build: 'b', delivery: 'sent', image: 'i' };
const lost = problem('tunnel-silent', 'no answer');
const refused = problem('unauthorized', '401');

const off = { phase: 'off', cluster, last: null };
const preparing = (attempt = 1) => ({
  phase: 'preparing',
  cluster,
  attempt,
  startedAt: 0,
  step: 'cluster',
  stepStartedAt: 0,
  detail: '',
  done: [],
});
const connected = {
  phase: 'connected',
  cluster,
  since: 0,
  path: 'apiserver',
  interface: 'slipway0',
  routes: [],
  names,
  agent,
  homeNamespace: 'a',
  roundTripMicroseconds: 0,
  bytesUp: 0,
  bytesDown: 0,
  degraded: [],
  checkedAt: 0,
  done: [],
};
const taken = problem('route-taken', 'by vpn0', { prefix: '10.96.0.0/16' });
const unreached = problem('cluster-dns-silent', 'no answer');
const broken = { ...connected, degraded: [taken] };
const withdrawn = { ...connected, degraded: [problem('route-withdrawn', '', { prefix: '10.244.0.0/24' })] };
const reconnecting = (lostAt: number) => ({
  phase: 'reconnecting',
  cluster,
  since: 0,
  lostAt,
  attempt: 1,
  nextTryAt: 0,
  because: lost,
  hostKept: true,
  routes: [],
  names,
  homeNamespace: 'a',
});
const disconnecting = { phase: 'disconnecting', cluster, startedAt: 0 };
const failed = (because = lost, retry = 'offered') => ({
  phase: 'failed',
  cluster,
  at: 0,
  step: 'tunnel',
  because,
  leftOnHost: 0,
  retry,
  nextTryAt: null,
});

type Step = readonly [at: number, connection: object | null];

/** Shows the snapshots at their times, and looks again when asked to; answers what was told and when. */
function tell(steps: readonly Step[]): string[] {
  const told: string[] = [];
  let memory: NoticeMemory = null;
  let last: Snapshot | null = null;
  let lookAgainAt: number | null = null;
  const look = (snapshot: Snapshot, now: number) => {
    const noticed = notice(memory, snapshot, now);
    memory = noticed.memory;
    lookAgainAt = noticed.lookAgainAt;
    told.push(...noticed.notices.map(({ kind, context }) => `${now} ${kind} ${context}`));
  };
  for (const [at, connection] of [...steps, [10 ** 9, null] as const]) {
    for (let rounds = 0; last !== null && lookAgainAt !== null && lookAgainAt < at; rounds += 1) {
      expect(rounds, 'a timer must not spin').toBeLessThan(3);
      look(last, lookAgainAt);
    }
    if (at < 10 ** 9) {
      const connections = connection === null ? [] : [connection as Connection];
      last = { connections } as unknown as Snapshot;
      look(last, at);
    }
  }
  return told;
}

const minutes = 60_000;

describe('notices', () => {
  it.each<[string, readonly Step[], readonly string[]]>([
    [
      'nothing where the user switches on and off',
      [
        [0, null],
        [1, preparing()],
        [2, connected],
        [3, disconnecting],
        [4, off],
      ],
      [],
    ],
    [
      'a range that is withdrawn, once for a while, and not its return',
      [
        [0, connected],
        [1000, withdrawn],
        [2000, withdrawn],
        [3000, connected],
        [4000, withdrawn],
        [11 * minutes, connected],
        [12 * minutes, withdrawn],
      ],
      ['1000 withdrawn production', `${12 * minutes} withdrawn production`],
    ],
    [
      'nothing of a range that was withdrawn before the host came',
      [
        [0, withdrawn],
        [1000, withdrawn],
      ],
      [],
    ],
    [
      'what does not get there at once, and its end; the same again only after a while',
      [
        [0, connected],
        [1000, broken],
        [2000, broken],
        [3000, connected],
        [4000, broken],
        [5000, connected],
        [11 * minutes, broken],
      ],
      ['1000 degraded production', '3000 whole production', `${11 * minutes} degraded production`],
    ],
    [
      'another thing that breaks meanwhile, and several as one',
      [
        [0, connected],
        [1000, { ...connected, degraded: [taken, unreached] }],
        [2000, broken],
        [3000, { ...connected, degraded: [taken, unreached] }],
        [4000, { ...connected, degraded: [taken, problem('packets-dropped', 'by nftables')] }],
        [5000, connected],
      ],
      ['1000 degraded production', '4000 degraded production', '5000 whole production'],
    ],
    [
      'nothing of what was broken before the host came, or is merely missing',
      [
        [0, broken],
        [1000, { ...broken, degraded: [taken, problem('services-excluded', '')] }],
        [2000, connected],
      ],
      [],
    ],
    [
      'nothing of a loss that is over soon',
      [
        [0, connected],
        [1000, reconnecting(1000)],
        [5500, connected],
      ],
      [],
    ],
    [
      'a loss once, when it lasts, and its end',
      [
        [0, connected],
        [1000, reconnecting(1000)],
        [1100, reconnecting(1000)],
        [9000, reconnecting(1000)],
        [20_000, connected],
      ],
      [`${1000 + lossPatience} lost production`, '20000 recovered production'],
    ],
    [
      'nothing again and again of a tunnel that flaps, but what lasts',
      [
        [0, connected],
        [1000, reconnecting(1000)],
        [10_000, connected],
        [11_000, reconnecting(11_000)],
        [20_000, connected],
        [21_000, reconnecting(21_000)],
        [30_000, connected],
        [30_001 + quietTime, reconnecting(30_001 + quietTime)],
      ],
      ['6000 lost production', '10000 recovered production', `${35_001 + quietTime} lost production`],
    ],
    [
      'nothing of a loss that the user ends',
      [
        [0, connected],
        [1000, reconnecting(1000)],
        [2000, disconnecting],
        [20_000, off],
      ],
      [],
    ],
    [
      'nothing of a first connect that fails: the user looks at it',
      [
        [0, off],
        [1, preparing()],
        [2, disconnecting],
        [3, failed()],
      ],
      [],
    ],
    [
      'the end of what was connected',
      [
        [0, connected],
        [1, disconnecting],
        [2, failed()],
        [3, failed()],
      ],
      ['2 failed production'],
    ],
    [
      'that rights ended it',
      [
        [0, connected],
        [1, disconnecting],
        [2, failed(refused, 'pointless')],
      ],
      ['2 refused production'],
    ],
    [
      'one failure of many tries, and that it is over',
      [
        [0, preparing()],
        [1, failed(lost, 'automatic')],
        [2, preparing(2)],
        [3, failed(lost, 'automatic')],
        [4, preparing(3)],
        [5, failed(lost, 'automatic')],
        [6, preparing(4)],
        [7, connected],
        [8, disconnecting],
        [9, failed()],
      ],
      ['1 failed production', '7 recovered production', '9 failed production'],
    ],
    [
      'what was restored and fails, seen from its beginning',
      [
        [0, null],
        [1, preparing()],
        [2, failed(lost, 'automatic')],
      ],
      ['2 failed production'],
    ],
    [
      'nothing of an old failure that is met at the start',
      [
        [0, failed()],
        [1, failed()],
      ],
      [],
    ],
    [
      'a loss that is met at the start',
      [
        [0, reconnecting(-8 * minutes)],
        [1, connected],
      ],
      ['0 lost production', '1 recovered production'],
    ],
    [
      'nothing of a second try by the user that fails',
      [
        [0, connected],
        [1, failed()],
        [2, preparing()],
        [3, failed()],
      ],
      ['1 failed production'],
    ],
  ])('tell %s', (_, steps, expected) => {
    expect(tell(steps)).toEqual(expected);
  });
});

describe('a login that waits', () => {
  const login = (since: number, said = 'enter the code ABCD-1234'): Login => ({
    context: 'production',
    file: 'config',
    said,
    since,
    cancellable: true,
  });
  const other = { ...login(1), context: 'staging' };

  it.each<[string, readonly (readonly [at: number, logins: readonly Login[] | undefined])[], readonly string[]]>([
    [
      'is told once, whatever else it says',
      [
        [0, undefined],
        [1000, [login(1000)]],
        [2000, [login(1000, 'and another line')]],
        [3000, undefined],
      ],
      ['1000 login production'],
    ],
    [
      'is told where it waited before the host came',
      [[20 * minutes, [login(1)]]],
      [`${20 * minutes} login production`],
    ],
    [
      'is told once for as long as it waits',
      [
        [0, [login(0)]],
        [quietTime + 1, [login(0)]],
      ],
      ['0 login production'],
    ],
    [
      'is not told again and again of a plugin that is run again and again, but of what comes later',
      [
        [0, [login(0)]],
        [2000, undefined],
        [3000, [login(3000)]],
        [4000, undefined],
        [quietTime + 5000, [login(quietTime + 5000)]],
      ],
      ['0 login production', `${quietTime + 5000} login production`],
    ],
    [
      'is told for each context',
      [
        [0, [login(0)]],
        [1000, [login(0), other]],
      ],
      ['0 login production', '1000 login staging'],
    ],
  ])('%s', (_, steps, expected) => {
    const told: string[] = [];
    let memory: NoticeMemory = null;
    for (const [now, logins] of steps) {
      const noticed = notice(memory, { connections: [], logins } as unknown as Snapshot, now);
      memory = noticed.memory;
      told.push(...noticed.notices.map(({ kind, context }) => `${now} ${kind} ${context}`));
    }
    expect(told).toEqual(expected);
  });
});
