/**
 * Which virtual range stands for each mapped range of the cluster. Pure. The helper knows the laptop's networks: what it
 * does not simply route is avoided at the next choice.
 */

import {
  formatPrefix,
  inOrder,
  overlaps,
  type Prefix,
  parsePrefix,
  prefixesOf,
  sizeOf,
} from '../../contract/prefix.ts';
import type { Mapping } from '../route-messages.ts';

/**
 * Spaces for virtual ranges, the best first; VirtualSpace in native/internal/wire/addresses.go. Benchmarking space
 * (RFC 2544) is in nobody's network, but small. Shared address space (RFC 6598) is in some: of carriers, Tailscale and
 * clusters, mostly from its beginning on, so that it is taken from the end. Class E (RFC 1112) is large and nobody's;
 * it is the last because some programs take such addresses for wrong. The one of IPv6 is a part of unique local space
 * (RFC 4193) that was drawn at random.
 */
export const virtualSpaces: readonly { readonly within: string; readonly fromEnd: boolean }[] = [
  { within: '198.19.0.0/16', fromEnd: false },
  { within: '100.64.0.0/10', fromEnd: true },
  { within: '240.0.0.0/5', fromEnd: false },
  { within: '248.0.0.0/6', fromEnd: false },
  { within: '252.0.0.0/7', fromEnd: false },
  { within: '254.0.0.0/8', fromEnd: false },
  { within: 'fd51:1bae::/32', fromEnd: false },
];

/** Within these spaces, and others': metadata of Alibaba Cloud, and the containers of ChromeOS. */
const neverWithin: readonly string[] = ['100.100.100.200/32', '100.115.92.0/23'];

/** PairsAtMost in native/internal/mapping/mapping.go. */
export const mostMappings = 4096;

export interface VirtualChoice {
  readonly mappings: readonly Mapping[];
  /** Ranges for which there is no room. */
  readonly left: readonly string[];
}

/**
 * `taken` are the ranges of this and of other clusters, the virtual ones of others, and what the helper said is the
 * laptop's. A pair of `before` stays as long as it can, so that what programs remember stays true; one whose range
 * is not to be mapped any more is retired.
 */
export function chooseVirtualRanges(
  reals: readonly string[],
  taken: readonly string[],
  before: readonly Mapping[] = [],
): VirtualChoice {
  const avoided = prefixesOf([...neverWithin, ...taken, ...reals]);
  const kept = before.filter(({ virtual }) => {
    const range = parsePrefix(virtual);
    return range !== null && !avoided.some((other) => overlaps(other, range));
  });
  const mappings: Mapping[] = [];
  const left: string[] = [];
  const occupied = occupiedBy([...avoided, ...prefixesOf(kept.map(({ virtual }) => virtual))]);
  const current = new Set<string>();
  const open: Prefix[] = [];
  for (const real of prefixesOf(reals)) {
    const known = kept.find((pair) => pair.real === formatPrefix(real) && !current.has(pair.virtual));
    if (known === undefined) {
      open.push(real);
    } else {
      current.add(known.virtual);
      mappings.push({ real: known.real, virtual: known.virtual });
    }
  }
  // The largest first: what is left between small ones would be too small for them.
  for (const real of open.toSorted((one, other) => one.length - other.length || inOrder(one, other))) {
    const virtual = mappings.length < mostMappings ? freeRange(real, occupied[real.family]) : null;
    if (virtual === null) {
      left.push(formatPrefix(real));
    } else {
      occupied[virtual.family].add(virtual);
      mappings.push({ real: formatPrefix(real), virtual: formatPrefix(virtual) });
    }
  }
  const retired = kept.filter(({ virtual }) => !current.has(virtual)).map((pair) => ({ ...pair, retired: true }));
  return { mappings: [...mappings, ...retired].slice(0, mostMappings), left };
}

/** The first range as large as another that meets none of those that are occupied; null where there is none. */
function freeRange({ family, length }: Prefix, occupied: Occupied): Prefix | null {
  const size = sizeOf({ family, length });
  for (const { within, fromEnd } of virtualSpaces) {
    const space = parsePrefix(within);
    if (space === null || space.family !== family || space.length > length) {
      continue;
    }
    const end = space.first + sizeOf(space);
    let first = fromEnd ? end - size : space.first;
    while (first >= space.first && first + size <= end) {
      const hit = occupied.meeting(first, first + size);
      if (hit === undefined) {
        return { family, first, length };
      }
      // Past what is in the way, aligned to the size again.
      first = (fromEnd ? (hit.first - size) / size : (hit.end + size - 1n) / size) * size;
    }
  }
  return null;
}

/** Stretches of addresses of one family, from `first` to before `end`: apart, in order, and none right behind another. */
class Occupied {
  private readonly stretches: { first: bigint; end: bigint }[] = [];

  constructor(ranges: readonly Prefix[]) {
    for (const range of ranges.toSorted(inOrder)) {
      this.add(range);
    }
  }

  meeting(first: bigint, end: bigint): { readonly first: bigint; readonly end: bigint } | undefined {
    const stretch = this.stretches[this.indexAfter(first)];
    return stretch !== undefined && stretch.first < end ? stretch : undefined;
  }

  add(range: Prefix): void {
    const { first } = range;
    const joined = { first, end: first + sizeOf(range) };
    const from = this.indexAfter(first - 1n);
    let until = from;
    for (
      let next = this.stretches[until];
      next !== undefined && next.first <= joined.end;
      next = this.stretches[until]
    ) {
      joined.first = next.first < joined.first ? next.first : joined.first;
      joined.end = next.end > joined.end ? next.end : joined.end;
      until++;
    }
    this.stretches.splice(from, until - from, joined);
  }

  /** Of the first stretch that ends behind an address. */
  private indexAfter(address: bigint): number {
    let [low, high] = [0, this.stretches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.stretches[middle]?.end ?? 0n) > address) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}

const occupiedBy = (ranges: readonly Prefix[]) => ({
  4: new Occupied(ranges.filter(({ family }) => family === 4)),
  6: new Occupied(ranges.filter(({ family }) => family === 6)),
});
