/** Arithmetic on prefixes of IPv4 as texts. */
import ipaddr from 'ipaddr.js';

/** `text` is a prefix or an address. Prefixes overlap only where one contains the other. */
export function overlaps(prefix: string, text: string): boolean {
  const [address, length] = ipaddr.parseCIDR(prefix);
  const [otherAddress, otherLength] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/32`);
  return address.kind() === otherAddress.kind() && address.match(otherAddress, Math.min(length, otherLength));
}

export const lengthOf = (prefix: string): number => Number(prefix.split('/')[1] ?? 32);

/** The parts of a prefix that `hole` does not cover, in order. */
export function subtract(prefix: string, hole: string): string[] {
  if (!overlaps(prefix, hole)) {
    return [prefix];
  }
  const length = lengthOf(prefix) + 1;
  if (length > lengthOf(hole)) {
    return [];
  }
  const lower = ipaddr.IPv4.parse(prefix.split('/')[0] ?? '').octets;
  const upper = lower.map((octet, index) =>
    index === (length - 1) >> 3 ? octet | (0x80 >> ((length - 1) & 7)) : octet,
  );
  return [lower, upper].flatMap((octets) => subtract(`${octets.join('.')}/${length}`, hole));
}

/** What stands for an address in the first pair of equal ranges whose `from` holds it; the address itself where none does. */
export function counterpart(pairs: readonly { readonly from: string; readonly to: string }[], address: string): string {
  const pair = pairs.find(({ from }) => overlaps(from, address));
  if (pair === undefined) {
    return address;
  }
  const numberOf = (text: string) =>
    ipaddr.IPv4.parse(text.split('/')[0] ?? '').octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const moved = numberOf(pair.to) + numberOf(address) - numberOf(pair.from);
  return [24, 16, 8, 0].map((shift) => Math.floor(moved / 2 ** shift) % 256).join('.');
}
