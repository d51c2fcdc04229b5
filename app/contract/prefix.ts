/** Arithmetic on CIDR prefixes of both address families. Pure. */
import ipaddr from 'ipaddr.js';

/** A prefix: its first address as a number, and its length. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly length: number;
}

/** Reads a CIDR prefix or a bare address; null for everything else. Host bits are cleared. */
export function parsePrefix(text: string): Prefix | null {
  try {
    const [address, length] = text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), null];
    if (address instanceof ipaddr.IPv6) {
      // A zone names an interface of one computer, and IPv4 in IPv6 is no address of a cluster.
      return address.zoneId || address.isIPv4MappedAddress() ? null : masked(6, address.toByteArray(), length ?? 128);
    }
    // ipaddr.js reads short and octal forms that others read differently: take only the usual one.
    const isUsual = /^[\d.]+(\/\d{1,2})?$/.test(text) && ipaddr.IPv4.isValidFourPartDecimal(text.split('/')[0] ?? '');
    return isUsual ? masked(4, address.toByteArray(), length ?? 32) : null;
  } catch {
    return null;
  }
}

function masked(family: 4 | 6, bytes: readonly number[], length: number): Prefix {
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return { family, first: value - (value % sizeOf({ family, length })), length };
}

/** An IPv6 prefix is written as RFC 5952 has it, and as Go does. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

/** Its first address, written as formatPrefix does. */
export function formatAddress({ family, first }: Pick<Prefix, 'family' | 'first'>): string {
  const bytes = Array.from({ length: bitsOf(family) / 8 }, (_, index) =>
    Number((first >> BigInt(bitsOf(family) - 8 * (index + 1))) & 255n),
  );
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** An address in the form of formatAddress, which of IPv6 is one of many; null for everything else. */
export function usualAddress(text: string): string | null {
  const parsed = text.includes('/') ? null : parsePrefix(text);
  return parsed === null ? null : formatAddress(parsed);
}

export function contains(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.family === inner.family &&
    outer.length <= inner.length &&
    inner.first - (inner.first % sizeOf(outer)) === outer.first
  );
}

/** Prefixes have addresses in common only where one contains the other. */
export function overlaps(one: Prefix, other: Prefix): boolean {
  return contains(one, other) || contains(other, one);
}

/** Those of the texts that are prefixes. */
export function prefixesOf(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).filter((prefix) => prefix !== null);
}

/** The parts of `whole` that `hole` does not cover, in order. `hole` must lie within `whole`. */
export function subtract(whole: Prefix, hole: Prefix): Prefix[] {
  if (whole.length === hole.length) {
    return [];
  }
  const half = { ...whole, length: whole.length + 1 };
  const halves = [half, { ...half, first: whole.first + sizeOf(half) }];
  return halves.flatMap((one) => (contains(one, hole) ? subtract(one, hole) : [one]));
}

/** Prefixes of one length that lie side by side become one where that covers nothing more. */
export function joinSiblings<Item extends { readonly prefix: Prefix }>(
  items: readonly Item[],
  alike: (first: Item, second: Item) => boolean,
): Item[] {
  const joined: Item[] = [];
  for (const item of items.toSorted((first, second) => inOrder(first.prefix, second.prefix))) {
    let next = item;
    for (let last = joined.at(-1); last !== undefined; last = joined.at(-1)) {
      const { family, first, length } = last.prefix;
      if (length === 0) {
        break;
      }
      const parent = { family, first: first - (first % sizeOf({ family, length: length - 1 })), length: length - 1 };
      const areSiblings = length === next.prefix.length && first !== next.prefix.first && contains(parent, next.prefix);
      if (!areSiblings || parent.first !== first || !alike(last, next)) {
        break;
      }
      joined.pop();
      next = { ...last, prefix: parent };
    }
    joined.push(next);
  }
  return joined;
}

/** IPv4 before IPv6, and by first address. */
export function inOrder(one: Prefix, other: Prefix): number {
  return one.family - other.family || (one.first < other.first ? -1 : one.first > other.first ? 1 : 0);
}

/** How many addresses a prefix has. */
export function sizeOf({ family, length }: Pick<Prefix, 'family' | 'length'>): bigint {
  return 1n << BigInt(bitsOf(family) - length);
}

function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}
