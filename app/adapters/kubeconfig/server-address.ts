/** A cluster entry's server as client-go takes it (rest.DefaultServerURL), and what cannot be one. */
import type { ClusterEntry } from './schema.ts';

/**
 * The address with its scheme: without one it is http, as for kubectl, which sends no credentials there. Null where it
 * is no address of a server: anything but http and https, or a name with a path and no scheme.
 */
export function serverOf({ server }: Pick<ClusterEntry, 'server'>): string | null {
  // URL.parse of JavaScript mends what Go refuses: backslashes, white space, a missing slash.
  if (/[\s\\]|[^\x21-\u{10ffff}]/u.test(server)) {
    return null;
  }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(server)) {
    const parsed = URL.parse(server);
    const isOurs = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.hostname !== '';
    return isOurs ? server.replace(/^[a-z]+/i, (scheme) => scheme.toLowerCase()).replace(/[?#].*$/, '') : null;
  }
  const parsed = /[/?#]/.test(server.replace(/\/$/, '')) ? null : URL.parse(`http://${server}`);
  return parsed === null || parsed.hostname === '' ? null : `http://${server}`;
}
