import { describe, expect, it } from 'vitest';
import type { Range } from '../ports.ts';
import { decideRoutes, planRanges, type RangePlan, wantedRanges } from './plan.ts';

const services: Range = { prefix: '10.96.0.0/16', kind: 'services', origin: 'service-cidr' };
const pods: Range = { prefix: '10.244.0.0/24', kind: 'pods', origin: 'node-pod-cidr' };

const noWords = { routedRanges: [], narrowedRanges: [], mappedRanges: [] };

function plan(found: readonly Range[], extraRanges: string[] = [], excludedRanges: string[] = []): RangePlan {
  const planned = planRanges(found, { ...noWords, extraRanges, excludedRanges });
  if (!planned.ok) {
    throw new Error(planned.problem.code);
  }
  return planned.value;
}

const prefixes = (planned: RangePlan) => wantedRanges(planned).map(({ prefix }) => prefix);

function pod(prefix: string): Range {
  return { ...pods, prefix };
}

describe('planRanges', () => {
  it.each<
    [
      string,
      string[],
      Partial<Record<'routedRanges' | 'narrowedRanges' | 'mappedRanges', string[]>>,
      string[],
      string[],
    ]
  >([
    ['nothing more', [], {}, [], ['10.96.0.0/16 own-node', '10.244.0.0/24 own-node', '34.118.224.0/20 own-node']],
    [
      'a word on one',
      [],
      { routedRanges: ['10.96.0.0/16'] },
      ['10.96.0.0/16'],
      ['10.244.0.0/24 own-node', '34.118.224.0/20 own-node'],
    ],
    [
      'an exclusion',
      ['10.244.0.0/16'],
      {},
      [],
      ['10.244.0.0/24 user', '10.96.0.0/16 own-node', '34.118.224.0/20 own-node'],
    ],
  ])(
    'leaves alone what this computer reaches as a node of the cluster: %s',
    (_, excludedRanges, words, asked, left) => {
      const found = [services, pods, { ...services, prefix: '34.118.224.0/20' }].map((range) => ({
        ...range,
        isHere: true,
      }));
      const planned = planRanges(found, { ...noWords, ...words, extraRanges: [], excludedRanges });
      const plan = planned.ok ? planned.value : null;
      expect(plan?.wanted.map(({ prefix }) => prefix)).toEqual(asked);
      expect(plan?.left.map(({ prefix, reason }) => `${prefix} ${reason}`)).toEqual(left);
      expect(
        decideRoutes(
          plan as RangePlan,
          asked.map((prefix) => ({ prefix, decision: 'routed' as const })),
        ).fatal,
      ).toBeNull();
    },
  );

  it.each<[string, Range[], string[], string[], string[]]>([
    ['keeps what was found', [pods, services], [], [], ['10.96.0.0/16', '10.244.0.0/24']],
    [
      'drops what another covers',
      [services, pods, pod('10.244.0.0/16'), pod('10.244.0.0/24')],
      [],
      [],
      ['10.96.0.0/16', '10.244.0.0/16'],
    ],
    ['takes a range named twice once', [services, pods, pods], [], [], ['10.96.0.0/16', '10.244.0.0/24']],
    ['clears host bits', [services, pod('10.244.0.77/24')], [], [], ['10.96.0.0/16', '10.244.0.0/24']],
    [
      'takes a bare address',
      [services, pods, pod('10.1.2.3')],
      [],
      [],
      ['10.96.0.0/16', '10.1.2.3/32', '10.244.0.0/24'],
    ],
    [
      'adds the user’s ranges last',
      [services, pods],
      ['10.0.0.0/24'],
      [],
      ['10.96.0.0/16', '10.244.0.0/24', '10.0.0.0/24'],
    ],
    ['leaves out an excluded range', [services, pods], [], ['10.244.0.0/16'], ['10.96.0.0/16']],
    [
      'cuts an excluded part out',
      [services, pods],
      [],
      ['10.244.0.128/26'],
      ['10.96.0.0/16', '10.244.0.0/25', '10.244.0.192/26'],
    ],
    ['ignores an excluded range elsewhere', [services, pods], [], ['172.16.0.0/12'], ['10.96.0.0/16', '10.244.0.0/24']],
    [
      'has IPv6 beside IPv4',
      [services, pods, pod('fd00:10:244::/64'), { ...services, prefix: 'FD00:10:96::/112' }],
      ['fd00:20::/64'],
      ['fd00:10:244:0:8000::/65', '10.244.0.128/25'],
      ['10.96.0.0/16', 'fd00:10:96::/112', '10.244.0.0/25', 'fd00:10:244::/65', 'fd00:20::/64'],
    ],
    [
      'does not take what is no range',
      [services, pods, pod('10.244.0.0/33'), pod('0x0a.1'), pod('')],
      [],
      [],
      ['10.96.0.0/16', '10.244.0.0/24'],
    ],
  ])('%s', (_, found, extra, excluded, wanted) => {
    expect(prefixes(plan(found, extra, excluded))).toEqual(wanted);
  });

  it('tells what was left out and why', () => {
    const { left } = plan([services, pods, pod('fd00::/64')], [], ['10.244.0.0/25', 'fd00::/16']);
    expect(left.map(({ prefix, decision, reason }) => [prefix, decision, reason])).toEqual([
      ['10.244.0.0/25', 'excluded', 'user'],
      ['fd00::/64', 'excluded', 'user'],
    ]);
  });

  it('joins the ranges of many nodes, covering exactly the same addresses', () => {
    const nodes = Array.from({ length: 100 }, (_, index) => pod(`10.244.${index}.0/24`));
    expect(prefixes(plan([services, ...nodes]))).toEqual([
      '10.96.0.0/16',
      '10.244.0.0/18',
      '10.244.64.0/19',
      '10.244.96.0/22',
    ]);
  });

  it('asks with the user’s word on a range that holds one', () => {
    const planned = planRanges([services, pods, pod('10.244.1.0/24')], {
      ...{ extraRanges: [], excludedRanges: [], mappedRanges: [] },
      routedRanges: ['10.96.0.0/12', '10.244.1.0/24'],
      narrowedRanges: ['10.244.1.0/24', '10.244.0.128/25', 'x'],
    });
    expect(planned.ok && wantedRanges(planned.value)).toEqual([
      { prefix: '10.96.0.0/16', decision: 'routed', overBroader: true },
      { prefix: '10.244.0.0/24', decision: 'routed' },
      { prefix: '10.244.1.0/24', decision: 'narrowed' },
    ]);
  });

  it('says which kind of range nothing told', () => {
    const { problems } = plan([services]);
    expect(problems.map(({ code, facts }) => [code, facts.kind])).toEqual([['ranges-incomplete', 'pods']]);
  });

  it.each<[string, Range[], string[]]>([
    ['no-ranges', [], []],
    ['no-ranges', [services], ['10.96.0.0/16']],
    ['no-ranges', [{ ...services, prefix: 'fd00:10:96::/112' }], ['fd00::/8']],
  ])('fails with %s', (code, found, excludedRanges) => {
    expect(planRanges(found, { ...noWords, extraRanges: [], excludedRanges })).toMatchObject({
      ok: false,
      problem: { code },
    });
  });
});

describe('decideRoutes', () => {
  /** All of it routed. */
  const inForce = (ranges: Range[]) =>
    decideRoutes(
      plan(ranges),
      ranges.map(({ prefix }) => ({ prefix, decision: 'routed' })),
    );
  const routed = { prefix: '10.96.0.0/16', decision: 'routed' } as const;
  const refused = {
    prefix: '10.244.0.0/24',
    decision: 'refused',
    reason: 'other-route',
    conflict: '10.244.0.0/16',
    interface: 'tun7',
  } as const;

  it('connects where one range is refused, naming with what and where it collides', () => {
    const { fatal, routes, problems } = decideRoutes(plan([services, pods]), [routed, refused]);
    expect(fatal).toBeNull();
    expect(problems).toMatchObject([
      {
        ...{ code: 'route-refused', severity: 'warning' },
        facts: { prefix: '10.244.0.0/24', conflict: '10.244.0.0/16', interface: 'tun7', reason: 'other-route' },
      },
    ]);
    expect(routes.map(({ decision }) => decision)).toEqual(['routed', 'refused']);
  });

  it('keeps what is in force of a range that is not routed as a whole, without a warning', () => {
    const cuts = [{ prefix: '10.96.4.0/24', reason: 'own-subnet', conflict: '10.96.4.0/24', interface: 'docker0' }];
    const because = { reason: 'other-route', conflict: '10.0.0.0/8', interface: 'tun0' };
    const { fatal, routes, problems } = decideRoutes(plan([services, pods]), [
      { prefix: '10.96.0.0/16', decision: 'cut', ...because, cuts },
      { prefix: '10.244.0.0/24', decision: 'narrowed', ...because, hosts: 7, leftOut: 2 },
    ]);
    expect([fatal, problems]).toEqual([null, []]);
    expect(routes).toMatchObject([
      { decision: 'cut', cuts },
      { decision: 'narrowed', interface: 'tun0', hosts: 7, leftOut: 2 },
    ]);
  });

  it('connects without a range that the user added and the helper refuses, and says so', () => {
    const decided = decideRoutes(plan([services], ['8.8.8.0/24']), [
      routed,
      { prefix: '8.8.8.0/24', decision: 'refused', reason: 'public' },
    ]);
    expect(decided.fatal).toBeNull();
    expect(decided.routes.map(({ decision }) => decision)).toEqual(['routed', 'refused']);
    expect(decided.problems).toMatchObject([
      { severity: 'warning', title: 'The range 8.8.8.0/24 collides with public addresses on the internet' },
    ]);
  });

  it.each<[string, string, string, string]>([
    ['own-subnet', '10.244.0.0/25', 'wlan0', '10.244.0.0/25 is a network that this computer is on, through wlan0'],
    ['gateway', '10.244.0.1', 'wlan0', "10.244.0.1 is this computer's gateway, on wlan0"],
    ['resolver', '10.244.0.53', '', "10.244.0.53 is one of this computer's DNS servers"],
    ['other-route', '10.0.0.0/8', 'tun0', '10.0.0.0/8 is another route of this computer, on tun0'],
    ['other-route', '10.244.0.0/16', '', '10.244.0.0/16 is another route of this computer'],
  ])('says of a connection in force why a range is withdrawn: %s %s', (reason, conflict, name, cause) => {
    const decided = decideRoutes(plan([pods]), [{ ...refused, reason, conflict, interface: name }], inForce([pods]));
    expect(decided.problems).toMatchObject([{ code: 'route-withdrawn', severity: 'warning', cause }]);
  });

  it('goes on calling refused what was refused from the start, and what no other network mends', () => {
    const first = decideRoutes(plan([services, pods]), [routed, refused]);
    expect(decideRoutes(plan([services, pods]), [routed, refused], first).problems).toEqual(first.problems);
    const tooMany = { ...refused, reason: 'too-many' };
    expect(decideRoutes(plan([services, pods]), [routed, tooMany], inForce([services, pods])).problems).toMatchObject([
      { code: 'route-refused' },
    ]);
  });

  const subnet = { ...refused, reason: 'own-subnet', conflict: '10.244.0.0/16', interface: 'wlan0' };
  it.each([
    ['was routed', inForce([services, pods]), 'route-withdrawn'],
    ['was a part of what was routed', inForce([services, { ...pods, prefix: '10.0.0.0/8' }]), 'route-withdrawn'],
    ['was withdrawn before', decideRoutes(plan([pods]), [subnet], inForce([pods])), 'route-withdrawn'],
    ['an earlier core had', { routes: null, problems: [] }, 'route-withdrawn'],
    ['is new and refused from its first moment', inForce([services]), 'route-refused'],
    ['was excluded until now', decideRoutes(plan([services, pods], [], [pods.prefix]), [routed]), 'route-refused'],
  ])('calls withdrawn what was there, and nothing else: a range that %s', (_, before, code) => {
    expect(decideRoutes(plan([services, pods]), [routed, subnet], before).problems).toMatchObject([{ code }]);
  });

  it('refuses when nothing is left to route', () => {
    const decided = decideRoutes(plan([], ['8.8.8.0/24']), [
      { prefix: '8.8.8.0/24', decision: 'refused', reason: 'public' },
    ]);
    expect(decided.fatal).toMatchObject({ code: 'route-refused', severity: 'error' });
  });

  it('takes a range without an answer as refused', () => {
    expect(decideRoutes(plan([services]), []).fatal).toMatchObject({ code: 'route-refused' });
  });
});
