/** Which ranges are mapped by what they are. Pure. */
import { contains, ipv4Of, type Prefix } from '../../contract/prefix.ts';

/** Space that clusters may have literally: RFC 1918, RFC 6598, RFC 2544 (acceptable in native/internal/hostnet/routes/policy.go). */
const literalSpace = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'];

/**
 * Public and class E (`reserved`): no such address is taken by a cluster's word. Null for every other range, and for IPv6,
 * of which nothing is mapped.
 */
export function kindToMap(range: Prefix): 'public' | 'reserved' | null {
  const isOfKind =
    range.family === 4 &&
    // Wider than any of these is nobody's to have, mapped or not.
    range.length >= 8 &&
    !literalSpace.some((text) => {
      const space = ipv4Of(text);
      return space !== null && (contains(space, range) || contains(range, space));
    }) &&
    !isNobodys(Number(range.first));
  return !isOfKind ? null : range.first >= 240n << 24n ? 'reserved' : 'public';
}

/** Loopback, link-local, multicast, "this network", broadcast. */
function isNobodys(first: number): boolean {
  const [byte, next] = [Math.floor(first / 2 ** 24), Math.floor(first / 2 ** 16) % 256];
  return byte === 0 || byte === 127 || (byte === 169 && next === 254) || (byte >= 224 && byte < 240) || byte === 255;
}
