/** Arithmetic on CIDR prefixes. Pure. IPv4 and IPv6 are told apart; only IPv4 is calculated with. */
import ipaddr from 'ipaddr.js';

/** An IPv4 prefix: its first address as a number below 2^32, and its length. */
export interface Prefix {
  readonly first: number;
  readonly length: number;
}

export type Parsed =
  | { readonly family: 4; readonly prefix: Prefix }
  | { readonly family: 6 }
  | { readonly family: 'none' };

/** Reads a CIDR prefix or a bare address. Host bits are cleared. */
export function parsePrefix(text: string): Parsed {
  try {
    const [address, length] = text.includes('/')
      ? ipaddr.parseCIDR(text)
      : [ipaddr.parse(text), ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128];
    if (!(address instanceof ipaddr.IPv4)) {
      return { family: 6 };
    }
    // ipaddr.js reads short and octal forms that others read differently: take only the usual one.
    if (!/^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text)) {
      return { family: 'none' };
    }
    const value = address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
    return { family: 4, prefix: { first: value - (value % sizeOf(length)), length } };
  } catch {
    return { family: 'none' };
  }
}

/** An address or a CIDR prefix of IPv4; null for everything else. */
export function ipv4Of(text: string): Prefix | null {
  const parsed = parsePrefix(text);
  return parsed.family === 4 ? parsed.prefix : null;
}

export function formatPrefix({ first, length }: Prefix): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${length}`;
}

export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && inner.first - (inner.first % sizeOf(outer.length)) === outer.first;
}

/** The parts of `whole` that `hole` does not cover, in order. `hole` must lie within `whole`. */
export function subtract(whole: Prefix, hole: Prefix): Prefix[] {
  if (whole.length === hole.length) {
    return [];
  }
  const length = whole.length + 1;
  const halves: [Prefix, Prefix] = [
    { first: whole.first, length },
    { first: whole.first + sizeOf(length), length },
  ];
  return halves.flatMap((half) => (contains(half, hole) ? subtract(half, hole) : [half]));
}

/** Prefixes of one length that lie side by side become one where that covers nothing more. */
export function joinSiblings<Item extends { readonly prefix: Prefix }>(
  items: readonly Item[],
  alike: (first: Item, second: Item) => boolean,
): Item[] {
  const joined: Item[] = [];
  for (const item of items.toSorted((first, second) => first.prefix.first - second.prefix.first)) {
    let next = item;
    for (let last = joined.at(-1); last !== undefined; last = joined.at(-1)) {
      const { first, length } = last.prefix;
      const parent = { first: first - (first % sizeOf(length - 1)), length: length - 1 };
      const areSiblings =
        length === next.prefix.length && length > 0 && first !== next.prefix.first && contains(parent, next.prefix);
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

/** How many addresses a prefix of a length has. */
export function sizeOf(length: number): number {
  return 2 ** (32 - length);
}
