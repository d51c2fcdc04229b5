/** Covering and merging prefixes of both address families. */
import { contains, inOrder, joinSiblings, type Prefix, parsePrefix, usualAddress } from '../../contract/prefix.ts';

/** Covers never grow wider than this: what lies between is somebody else's. Of IPv6 it is one site's (RFC 6177). */
const widestCover = { 4: 12, 6: 48 } as const;

/** An observed cover is at least this wide: the next Service or pod gets an address beside the ones seen. */
const narrowestCover = { 4: 24, 6: 112 } as const;

/** An address alone, as a prefix; null for everything else. */
export function parseAddress(text: string): Prefix | null {
  return text.includes('/') ? null : parsePrefix(text);
}

/** A prefix with its length; null for everything else. */
export function parseRange(text: string): Prefix | null {
  return text.includes('/') ? parsePrefix(text) : null;
}

/**
 * The fewest prefixes that hold all the addresses: one cover, split where it would be wider than `widestCover`.
 * Nothing is narrower than `narrowestCover`.
 */
export function coverOf(addresses: readonly Prefix[]): Prefix[] {
  const groups = new Map<string, Prefix[]>();
  for (const address of addresses) {
    const { family, first } = within(address, widestCover[address.family]);
    const group = `${family} ${first}`;
    groups.set(group, [...(groups.get(group) ?? []), address]);
  }
  return [...groups.values()].map((members) =>
    members.reduce(
      (cover, address) => {
        let wider = cover;
        while (!contains(wider, address)) {
          wider = within(wider, wider.length - 1);
        }
        return wider;
      },
      within(members[0] as Prefix, narrowestCover[(members[0] as Prefix).family]),
    ),
  );
}

/**
 * Drops what others contain and joins neighbours. With more than `most` left (a /24 for each of a thousand nodes),
 * pairs are joined with the gap between them, narrowest first, but never wider than `widestCover`.
 */
export function aggregate(prefixes: readonly Prefix[], most: number): Prefix[] {
  let merged = joinNeighbours(prefixes);
  for (let bits = 127; bits >= widestCover[4] && merged.length > most; bits -= 1) {
    merged = joinNeighbours(
      merged.map((prefix) =>
        prefix.length > bits && bits >= widestCover[prefix.family] ? within(prefix, bits) : prefix,
      ),
    );
  }
  return merged;
}

function joinNeighbours(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = prefixes.toSorted((one, other) => inOrder(one, other) || one.length - other.length);
  const kept: Prefix[] = [];
  for (const prefix of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !contains(last, prefix)) {
      kept.push(prefix);
    }
  }
  return joinSiblings(
    kept.map((prefix) => ({ prefix })),
    () => true,
  ).map(({ prefix }) => prefix);
}

/** The prefix of that length that holds another. */
function within({ family, first }: Prefix, length: number): Prefix {
  const shift = BigInt((family === 4 ? 32 : 128) - length);
  return { family, first: (first >> shift) << shift, length };
}

/** The addresses among them. IPv6 has many forms, and the API server keeps the one that it was given (with a warning): all are made one. */
export function addressesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    text.includes(':') ? (usualAddress(text) ?? []) : parseAddress(text) === null ? [] : text,
  );
}
