/** The addresses by which programs on this laptop know those of the cluster, where ranges are mapped. Pure. */
import { contains, formatAddress, parsePrefix } from './prefix.ts';
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

/** Whether the first of two CIDR ranges holds the second, or is it. */
export function holdsRange(outer: string, inner: string): boolean {
  const [one, other] = [parsePrefix(outer), parsePrefix(inner)];
  return one !== null && other !== null && contains(one, other);
}

function counterpart(pairs: readonly (readonly [from: string, to: string])[], address: string): string {
  const wanted = pairs.length === 0 ? null : parsePrefix(address);
  if (wanted === null) {
    return address;
  }
  for (const [from, to] of pairs) {
    const [source, target] = [parsePrefix(from), parsePrefix(to)];
    if (source !== null && target !== null && contains(source, wanted)) {
      return formatAddress({ ...wanted, first: target.first + (wanted.first - source.first) });
    }
  }
  return address;
}
