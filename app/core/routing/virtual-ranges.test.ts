import { describe, expect, it } from 'vitest';
import { contains, formatPrefix, type Prefix, parsePrefix } from '../../contract/prefix.ts';
import type { Mapping } from '../route-messages.ts';
import { chooseVirtualRanges, mostMappings, virtualSpaces } from './virtual-ranges.ts';

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === null) {
    throw new Error(text);
  }
  return parsed;
};
const meet = (one: string, other: string) =>
  contains(prefix(one), prefix(other)) || contains(prefix(other), prefix(one));

/** What the engine's own check refuses. */
function unsound(mappings: readonly Mapping[], taken: readonly string[]): string[] {
  return mappings.flatMap(({ real, virtual, retired }, index) => [
    ...(prefix(virtual).length === prefix(real).length ? [] : [`${real} and ${virtual} are not of one size`]),
    ...(virtualSpaces.some(({ within }) => contains(prefix(within), prefix(virtual)))
      ? []
      : [`${virtual} is not virtual`]),
    ...taken.filter((range) => meet(range, virtual)).map((range) => `${virtual} meets ${range}`),
    ...mappings
      .slice(index + 1)
      .filter((other) => meet(virtual, other.virtual) || (!retired && !other.retired && meet(real, other.real)))
      .map((other) => `${real} as ${virtual} meets ${other.real} as ${other.virtual}`),
  ]);
}

describe('chooseVirtualRanges', () => {
  it.each([
    ['nothing', [], [], []],
    ['Services of GKE', ['34.118.224.0/20'], [], ['198.19.0.0/20']],
    ["the space itself is the cluster's", ['34.118.224.0/20'], ['198.18.0.0/15'], ['100.127.240.0/20']],
    ['a part of it is taken', ['34.118.224.0/20'], ['198.19.1.0/24', '198.19.16.0/24'], ['198.19.32.0/20']],
    ['the same range as another cluster', ['10.96.0.0/16'], ['198.19.0.0/16'], ['100.127.0.0/16']],
    ['pods that are too many for it', ['10.0.0.0/14', '34.118.224.0/20'], [], ['100.124.0.0/14', '198.19.0.0/20']],
    ['Tailscale beside a large range', ['10.0.0.0/14'], ['100.64.0.0/10'], ['240.0.0.0/14']],
    ['class E pods', ['240.0.0.0/8'], ['100.64.0.0/10'], ['241.0.0.0/8']],
    ['a whole /8', ['10.0.0.0/8'], [], ['240.0.0.0/8']],
    ['a cut part', ['192.168.1.0/24'], ['192.168.0.0/16'], ['198.19.0.0/24']],
    ['pods of EKS', ['2600:1f18:42::/56'], ['34.118.224.0/20'], ['fd51:1bae::/56']],
    ['both families', ['2600:1900:4::/112', '34.118.224.0/20'], [], ['198.19.0.0/20', 'fd51:1bae::/112']],
    ["the laptop's own network", ['fd00:10:96:0::/64'], ['fd51:1bae::/64'], ['fd51:1bae:0:1::/64']],
    ['as large as there is', ['2600:1f18::/32'], [], ['fd51:1bae::/32']],
  ])('finds room: %s', (_, reals, taken, virtual) => {
    const chosen = chooseVirtualRanges(reals, taken);
    expect(chosen).toEqual({ mappings: chosen.mappings, left: [] });
    expect(chosen.mappings.map((mapping) => mapping.virtual)).toEqual(virtual);
    expect(unsound(chosen.mappings, taken)).toEqual([]);
  });

  it('leaves out what there is no room for', () => {
    expect(chooseVirtualRanges(['10.0.0.0/8', '34.0.0.0/24'], ['240.0.0.0/4', '100.64.0.0/10'])).toEqual({
      mappings: [{ real: '34.0.0.0/24', virtual: '198.19.0.0/24' }],
      left: ['10.0.0.0/8'],
    });
    expect(chooseVirtualRanges(['2600::/31', '2600:4::/48'], ['10.0.0.0/8']).left).toEqual(['2600::/31']);
  });

  it('keeps a pair while it can, and retires what is not mapped any more', () => {
    const first = chooseVirtualRanges(['34.118.224.0/20', '10.96.0.0/20'], []).mappings;
    const next = chooseVirtualRanges(['34.118.224.0/20', '10.0.0.0/18'], [], first).mappings;
    expect(unsound(next, [])).toEqual([]);
    expect(next).toContainEqual(first.find(({ real }) => real === '34.118.224.0/20'));
    expect(next).toContainEqual({ ...first.find(({ real }) => real === '10.96.0.0/20'), retired: true });
    // It is mapped again by the same addresses, for programs may remember them.
    const last = chooseVirtualRanges(['10.96.0.0/20'], [], next).mappings;
    expect(last).toContainEqual(first.find(({ real }) => real === '10.96.0.0/20'));
    expect(last.filter(({ retired }) => retired)).toHaveLength(2);
    // The laptop's network has it now.
    const [moved] = chooseVirtualRanges(['34.118.224.0/20'], ['198.19.0.0/16'], first).mappings;
    expect(moved).toEqual({ real: '34.118.224.0/20', virtual: '100.127.240.0/20' });
  });

  it('takes as many as the engine does', () => {
    const many = Array.from({ length: mostMappings + 5 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    const chosen = chooseVirtualRanges(many, []);
    expect(chosen.mappings).toHaveLength(mostMappings);
    expect(chosen.left).toHaveLength(5);
    expect(chooseVirtualRanges([], [], chosen.mappings).mappings).toHaveLength(mostMappings);
  });

  it('is sound over random laptops', () => {
    let state = 7;
    const random = (below: number) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    const anyOf = (count: number) =>
      Array.from({ length: random(count) }, () => {
        const start = [198, 100, 240, 10, 192, 6][random(6)] ?? 0;
        if (start === 6) {
          return formatPrefix(prefix(`fd51:1bae:${random(9)}:${random(9)}::/${33 + random(80)}`));
        }
        const address = `${start}.${start === 198 ? 18 + random(2) : random(256)}.${random(256)}.0/${9 + random(16)}`;
        return formatPrefix(prefix(address));
      });
    let before: readonly Mapping[] = [];
    for (let round = 0; round < 30; round++) {
      const disjoint: string[] = [];
      for (const range of anyOf(6)) {
        if (!disjoint.some((other) => meet(range, other))) {
          disjoint.push(range);
        }
      }
      const taken = anyOf(6);
      const chosen = chooseVirtualRanges(disjoint, taken, before);
      expect(unsound(chosen.mappings, [...taken, ...disjoint])).toEqual([]);
      expect(chosen.mappings.filter(({ retired }) => !retired).length + chosen.left.length).toBe(disjoint.length);
      before = chosen.mappings;
    }
  });
});
