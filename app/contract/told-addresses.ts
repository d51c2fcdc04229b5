/** The addresses by which programs on this laptop know those of the cluster, where ranges are mapped. Pure; IPv4 alone is mapped. */
import type { Route } from './state.ts';

/** A range of the cluster and the one of the same size that stands for it, both as CIDR. */
export interface RangePair {
  readonly real: string;
  readonly virtual: string;
}

/** The pairs that names go by. */
export function pairsOf(routes: readonly Route[]): RangePair[] {
  return routes.flatMap(({ prefix, virtual, cuts = [] }) =>
    [{ prefix, virtual }, ...cuts].flatMap((part) =>
      part.virtual === undefined ? [] : [{ real: part.prefix, virtual: part.virtual }],
    ),
  );
}

/** The address that names tell for one of the cluster: itself where it is not mapped. */
export function toldAddress(routes: readonly Route[], real: string): string {
  return toldBy(pairsOf(routes), real);
}

/** What an address that a program uses is in the cluster: itself where it is not a virtual one. */
export function realAddress(routes: readonly Route[], told: string): string {
  return realBy(pairsOf(routes), told);
}

/** The same by pairs: for many addresses they are made once. */
export function toldBy(pairs: readonly RangePair[], real: string): string {
  return counterpart(
    pairs.map((pair) => [pair.real, pair.virtual]),
    real,
  );
}

export function realBy(pairs: readonly RangePair[], told: string): string {
  return counterpart(
    pairs.map((pair) => [pair.virtual, pair.real]),
    told,
  );
}

/** Whether the first of two CIDR ranges of IPv4 holds the second, or is it. */
export function holdsRange(outer: string, inner: string): boolean {
  const [one, other] = [rangeOf(outer), rangeOf(inner)];
  return (
    one !== null &&
    other !== null &&
    one.size >= other.size &&
    other.first >= one.first &&
    other.first < one.first + one.size
  );
}

function counterpart(pairs: readonly (readonly [from: string, to: string])[], address: string): string {
  const wanted = rangeOf(address);
  for (const [from, to] of pairs) {
    const target = rangeOf(to);
    if (wanted !== null && target !== null && holdsRange(from, address)) {
      const value = target.first + (wanted.first % target.size);
      return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
    }
  }
  return address;
}

/** An address or CIDR range of IPv4 as its first address and its number of addresses; null for anything else. */
function rangeOf(text: string): { readonly first: number; readonly size: number } | null {
  const [, address = '', bits = '32'] = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  const octets = address.split('.').map(Number);
  if (address === '' || octets.some((octet) => octet > 255) || Number(bits) > 32) {
    return null;
  }
  const size = 2 ** (32 - Number(bits));
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return { first: value - (value % size), size };
}
