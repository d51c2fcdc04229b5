/** Which ranges are mapped by what they are. Pure. */
import { contains, overlaps, type Prefix, prefixesOf } from '../../contract/prefix.ts';

/** Space that clusters may have literally: RFC 1918, RFC 6598, RFC 2544 (acceptable in native/internal/hostnet/routes/policy.go). */
const literalSpace = prefixesOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15']);

/** What is somebody's on the internet in IPv6: all that was given to registries (RFC 4291 section 2.4). */
const globalUnicast = prefixesOf(['2000::/3']);

/**
 * Within it, and no cluster's: documentation (RFC 3849, RFC 9637), and addresses that hold one of IPv4, to which relays would
 * carry them: Teredo (RFC 4380) and 6to4 (RFC 3056).
 */
const neverMapped = prefixesOf(['2001:db8::/32', '3fff::/20', '2001::/32', '2002::/16']);

/** Wider ranges are nobody's to have, mapped or not (policy.go too). */
const shortest = { 4: 8, 6: 32 } as const;

/** Public and class E (`reserved`): no such address is taken by a cluster's word. Null for every other range. */
export function kindToMap(range: Prefix): 'public' | 'reserved' | null {
  if (range.length < shortest[range.family]) {
    return null;
  }
  if (range.family === 6) {
    const isGlobal = globalUnicast.some((space) => contains(space, range));
    return isGlobal && !neverMapped.some((space) => overlaps(space, range)) ? 'public' : null;
  }
  if (literalSpace.some((space) => overlaps(space, range)) || isNobodys(Number(range.first))) {
    return null;
  }
  return range.first >= 240n << 24n ? 'reserved' : 'public';
}

/** Loopback, link-local, multicast, "this network", broadcast. */
function isNobodys(first: number): boolean {
  const [byte, next] = [Math.floor(first / 2 ** 24), Math.floor(first / 2 ** 16) % 256];
  return byte === 0 || byte === 127 || (byte === 169 && next === 254) || (byte >= 224 && byte < 240) || byte === 255;
}
