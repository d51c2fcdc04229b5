/** Arithmetic on IPv4 prefixes: checking, covering and merging. IPv6 is left out: Slipway routes IPv4 for now. */
import ipaddr from 'ipaddr.js';

/** An IPv4 network as its first address (unsigned 32 bit) and its length. */
export interface Prefix {
  readonly first: number;
  readonly bits: number;
}

/** Covers never grow wider than this: what lies between is somebody else's. */
const widestCover = 12;

/** An observed cover is at least this wide: the next Service or pod gets an address beside the ones seen. */
const narrowestCover = 24;

export function parsePrefix(text: string): Prefix | null {
  const match = /^([0-9.]+)\/(\d{1,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? '');
  const bits = Number(match?.[2]);
  return address === null || bits > 32 ? null : { first: masked(address, bits), bits };
}

/** Four decimal numbers only: ipaddr.js would take octal and one-number forms too. */
export function parseAddress(text: string): number | null {
  const octets = ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text).octets : null;
  return octets?.reduce((number, octet) => number * 256 + octet, 0) ?? null;
}

export function isIPv6(text: string): boolean {
  return ipaddr.IPv6.isValid(text.split('/')[0] ?? '');
}

export function formatPrefix(prefix: Prefix): string {
  const octets = [24, 16, 8, 0].map((shift) => (prefix.first >>> shift) & 255);
  return `${octets.join('.')}/${prefix.bits}`;
}

export function contains(prefix: Prefix, address: number): boolean {
  return masked(address, prefix.bits) === prefix.first;
}

/**
 * The fewest prefixes that hold all the addresses: one cover, split where it would be wider than `widestCover`.
 * Nothing is narrower than a /24.
 */
export function coverOf(addresses: readonly number[]): Prefix[] {
  const groups = new Map<number, number[]>();
  for (const address of addresses) {
    const group = masked(address, widestCover);
    groups.set(group, [...(groups.get(group) ?? []), address]);
  }
  return [...groups.values()].map((members) => {
    const lowest = members.reduce((low, address) => Math.min(low, address));
    const highest = members.reduce((high, address) => Math.max(high, address));
    const bits = Math.min(narrowestCover, Math.clz32((lowest ^ highest) >>> 0));
    return { first: masked(lowest, bits), bits };
  });
}

/**
 * Drops what others contain and joins neighbours. With more than `most` left (a /24 for each of a thousand nodes),
 * pairs are joined with the gap between them, narrowest first, but never wider than `widestCover`.
 */
export function aggregate(prefixes: readonly Prefix[], most: number): Prefix[] {
  let merged = joinNeighbours(prefixes);
  for (let bits = 31; bits >= widestCover && merged.length > most; bits -= 1) {
    merged = joinNeighbours(
      merged.map((prefix) => (prefix.bits > bits ? { first: masked(prefix.first, bits), bits } : prefix)),
    );
  }
  return merged;
}

function joinNeighbours(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = [...prefixes].sort((one, other) => one.first - other.first || one.bits - other.bits);
  const kept: Prefix[] = [];
  for (const prefix of sorted) {
    const last = kept.at(-1);
    if (last !== undefined && last.bits <= prefix.bits && contains(last, prefix.first)) {
      continue;
    }
    kept.push(prefix);
    for (;;) {
      const right = kept.at(-1);
      const left = kept.at(-2);
      if (left === undefined || right === undefined || left.bits !== right.bits || left.bits === 0) {
        break;
      }
      if (masked(right.first, left.bits - 1) !== left.first || right.first === left.first) {
        break;
      }
      kept.splice(-2, 2, { first: left.first, bits: left.bits - 1 });
    }
  }
  return kept;
}

function masked(address: number, bits: number): number {
  return bits === 0 ? 0 : (address & (0xffffffff << (32 - bits))) >>> 0;
}
