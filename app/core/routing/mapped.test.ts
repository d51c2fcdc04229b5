import { describe, expect, it } from 'vitest';
import type { Range } from '../ports.ts';
import type { RouteDecision } from '../route-messages.ts';
import { isSameMapping, type Mapped, mapRanges, nothingMapped, wantedWith } from './mapped.ts';
import { decideRoutes, planRanges, type RangePlan, type RangeSettings } from './plan.ts';

const services = (prefix: string): Range => ({ prefix, kind: 'services', origin: 'service-cidr' });
const pods = (prefix: string): Range => ({ prefix, kind: 'pods', origin: 'node-pod-cidr' });
const noWords: RangeSettings = {
  extraRanges: [],
  excludedRanges: [],
  routedRanges: [],
  narrowedRanges: [],
  mappedRanges: [],
};

function plan(found: readonly Range[], words: Partial<RangeSettings> = {}): RangePlan {
  const planned = planRanges(found, { ...noWords, ...words });
  if (!planned.ok) {
    throw new Error(planned.problem.code);
  }
  return planned.value;
}

const routed = (prefix: string): RouteDecision => ({ prefix, decision: 'routed' });
const refused = (prefix: string, reason: string): RouteDecision => ({ prefix, decision: 'refused', reason });
const cut = (prefix: string, ...cuts: [string, string][]): RouteDecision => ({
  ...{ prefix, decision: 'cut', reason: 'own-subnet' },
  cuts: cuts.map(([part, reason]) => ({ prefix: part, reason, conflict: part, interface: 'wlan0' })),
});
const pairs = ({ mappings }: Mapped) => mappings.map(({ real, virtual }) => `${real} by ${virtual}`);

describe('mapRanges', () => {
  it.each<[string, Range[], string[], string[]]>([
    ['private ranges are not', [services('10.96.0.0/16'), pods('192.168.0.0/16'), pods('100.64.0.0/16')], [], []],
    ['public ones are', [services('34.118.224.0/20'), pods('10.0.0.0/14')], [], ['34.118.224.0/20 by 198.19.0.0/20']],
    ['class E is', [services('10.96.0.0/16'), pods('240.8.0.0/13')], [], ['240.8.0.0/13 by 100.120.0.0/13']],
    [
      'public ones of IPv6 are, beside private ones',
      [services('fd00:10:96::/112'), pods('2600:1f18:42::/56'), pods('10.244.0.0/16')],
      [],
      ['2600:1f18:42::/56 by fd51:1bae::/56'],
    ],
    [
      'of IPv6 by the user’s word',
      [services('fd00:10:96::/112'), pods('10.244.0.0/16')],
      ['fd00::/16'],
      ['fd00:10:96::/112 by fd51:1bae::/112'],
    ],
    [
      'by the user’s word',
      [services('10.96.0.0/16'), pods('10.244.0.0/16')],
      ['10.96.0.0/12'],
      ['10.96.0.0/16 by 198.19.0.0/16'],
    ],
    [
      'nobody’s addresses are not',
      [
        services('10.96.0.0/16'),
        pods('169.254.0.0/16'),
        pods('127.0.0.0/8'),
        pods('224.0.0.0/8'),
        pods('255.255.255.0/24'),
        pods('fe80::/64'),
        pods('ff05::/64'),
        pods('::/64'),
        pods('64:ff9b::/96'),
        pods('2001:db8::/48'),
        pods('2002:a00::/40'),
        pods('2001::/48'),
        pods('2600::/20'),
      ],
      [],
      [],
    ],
  ])('by what they are: %s', (_, found, mappedRanges, expected) => {
    expect(pairs(mapRanges(plan(found, { mappedRanges }), [], nothingMapped))).toEqual(expected);
  });

  it.each<[string, RouteDecision[], string[]]>([
    ['nothing of it', [routed('10.96.0.0/16')], []],
    ['a part of it', [cut('10.96.0.0/16', ['10.96.4.0/24', 'own-subnet'])], ['10.96.4.0/24 by 198.19.0.0/24']],
    [
      'a part within a part',
      [cut('10.96.0.0/16', ['10.96.4.0/24', 'own-subnet'], ['10.96.4.1/32', 'gateway'])],
      ['10.96.4.0/24 by 198.19.0.0/24'],
    ],
    ['all of it', [refused('10.96.0.0/16', 'own-subnet')], ['10.96.0.0/16 by 198.19.0.0/16']],
    ['all of it, for another cluster', [refused('10.96.0.0/16', 'other-cluster')], ['10.96.0.0/16 by 198.19.0.0/16']],
    ['a cloud’s metadata', [cut('10.96.0.0/16', ['10.96.4.4/32', 'metadata'])], []],
    ['the policy itself', [refused('10.96.0.0/16', 'malformed')], []],
  ])('by what the laptop needs: %s', (_, decisions, expected) => {
    expect(pairs(mapRanges(plan([services('10.96.0.0/16')]), decisions, nothingMapped))).toEqual(expected);
  });

  it.each<[string, RouteDecision[], string[]]>([
    ['nothing of it', [routed('fd00:10:96::/112')], []],
    [
      'a neighbour’s address',
      [cut('fd00:10:96::/112', ['fd00:10:96::7/128', 'neighbour'])],
      ['fd00:10:96::7/128 by fd51:1bae::/128'],
    ],
    ['all of it', [refused('fd00:10:96::/112', 'own-subnet')], ['fd00:10:96::/112 by fd51:1bae::/112']],
    ['no IPv6 at all', [refused('fd00:10:96::/112', 'ipv6')], []],
  ])('by what the laptop needs of IPv6: %s', (_, decisions, expected) => {
    expect(pairs(mapRanges(plan([services('fd00:10:96::/112')]), decisions, nothingMapped))).toEqual(expected);
  });

  it('comes to rest, and moves where the laptop has what it took', () => {
    const ofCluster = plan([services('34.118.224.0/20')]);
    const first = mapRanges(ofCluster, [], nothingMapped);
    const answer = (mapped: Mapped, taken: string) =>
      wantedWith(ofCluster, mapped).ranges.map(({ prefix }) =>
        prefix === taken ? refused(prefix, 'other-route') : routed(prefix),
      );
    expect(wantedWith(ofCluster, first).ranges).toEqual([{ prefix: '198.19.0.0/20', decision: 'routed' }]);
    expect(isSameMapping(first, mapRanges(ofCluster, answer(first, ''), first))).toBe(true);
    const moved = mapRanges(ofCluster, answer(first, '198.19.0.0/20'), first);
    expect(pairs(moved)).toEqual(['34.118.224.0/20 by 198.19.16.0/20']);
    const again = mapRanges(ofCluster, answer(moved, ''), moved);
    expect(isSameMapping(moved, again)).toBe(true);
  });

  it('of IPv6 moves where the laptop has what it took', () => {
    const ofCluster = plan([pods('2600:1f18:42::/56')]);
    const first = mapRanges(ofCluster, [], nothingMapped);
    const taken = { ...refused('fd51:1bae::/56', 'own-subnet'), conflict: 'fd51:1bae:0:7::/64' };
    expect(pairs(mapRanges(ofCluster, [taken], first))).toEqual(['2600:1f18:42::/56 by fd51:1bae:0:100::/56']);
  });

  it('retires a pair when the laptop goes elsewhere, and takes it again', () => {
    const ofCluster = plan([services('10.96.0.0/16')]);
    const there = mapRanges(ofCluster, [cut('10.96.0.0/16', ['10.96.4.0/24', 'own-subnet'])], nothingMapped);
    const home = mapRanges(ofCluster, [routed('10.96.0.0/16'), routed('198.19.0.0/24')], there);
    expect(home.mappings).toEqual([{ real: '10.96.4.0/24', virtual: '198.19.0.0/24', retired: true }]);
    expect(mapRanges(ofCluster, [cut('10.96.0.0/16', ['10.96.4.0/24', 'own-subnet'])], home).mappings).toEqual(
      there.mappings,
    );
  });
});

describe('routes of mapped ranges', () => {
  it('tell the range that works beside the real one', () => {
    const ofCluster = plan([services('34.118.224.0/20'), pods('10.244.0.0/16'), pods('10.245.0.0/16')]);
    const decisions = [cut('10.244.0.0/16', ['10.244.7.0/24', 'own-subnet']), refused('10.245.0.0/16', 'other-route')];
    const { mappings } = mapRanges(ofCluster, decisions, nothingMapped);
    const { routes, fatal, problems } = decideRoutes(ofCluster, decisions, null, mappings);
    expect(routes).toMatchObject([
      { prefix: '34.118.224.0/20', decision: 'mapped', virtual: '100.127.240.0/20', reason: 'public' },
      { prefix: '10.244.0.0/16', decision: 'cut', cuts: [{ prefix: '10.244.7.0/24', virtual: '100.127.239.0/24' }] },
      { prefix: '10.245.0.0/16', decision: 'mapped', virtual: '198.19.0.0/16', reason: 'other-route' },
    ]);
    expect([fatal, problems]).toEqual([null, []]);
  });

  it('say that there is no room', () => {
    const ofCluster = plan([services('34.0.0.0/8'), pods('10.244.0.0/16')]);
    const { routes, problems } = decideRoutes(ofCluster, [routed('10.244.0.0/16')], null, []);
    expect(routes[0]).toMatchObject({ decision: 'refused', reason: 'too-many' });
    expect(problems).toMatchObject([{ code: 'route-refused' }]);
  });
});
