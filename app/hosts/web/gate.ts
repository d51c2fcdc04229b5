/**
 * Who may talk to the web host. It listens on loopback, where every local user and every web page can send requests, so
 * each request must prove that it comes from the page that the user opened: the code of the redirect file is exchanged
 * once for a cookie and a key, and the browser's own headers (Host, Origin, Sec-Fetch-Site) must fit. A browser sends a
 * cookie to every port of this address, another user's program included; the key lies in the page's own storage, which
 * belongs to this port alone, and only with both a link to the core is opened. See docs/security.md.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How long the code of a redirect file is good, in milliseconds. */
export const codeLife = 120_000;

export type Refusal = 'host' | 'origin' | 'site' | 'cookie' | 'key';

/** `cookie` is the cookie's value, `key` what the page keeps and names as a subprotocol of its WebSocket. */
export interface Session {
  readonly cookie: string;
  readonly key: string;
}

/** The subprotocol of the window's WebSocket, and the beginning of the one that carries the key. */
export const linkProtocol = 'slipway';
const keyProtocol = 'key.';

export interface Gate {
  /** A fresh code; an earlier one that was not used is void. */
  issueCode(now: number): string;
  /** What a browser gets for a code, once; null for any other. */
  redeem(code: string, now: number): Session | null;
  /** Why a request for the page or one of its files is refused; null where it may pass. */
  refusePage(headers: IncomingHttpHeaders): Refusal | null;
  /** Why a WebSocket is refused. */
  refuseSocket(headers: IncomingHttpHeaders): Refusal | null;
  /** Why an exchange of a code is refused before the code is looked at. */
  refuseEntry(headers: IncomingHttpHeaders): Refusal | null;
  readonly cookieName: string;
}

/** `port` is the one that the host listens on. */
export function createGate(port: number): Gate {
  const authority = `127.0.0.1:${port}`;
  const origin = `http://${authority}`;
  // Cookies do not tell ports apart (RFC 6265, section 8.5): the name does.
  const cookieName = `slipway-${port}`;
  let code: { readonly digest: Buffer; readonly until: number } | null = null;
  /** Digests of keys by digests of cookies. */
  const sessions = new Map<string, string>();

  const hasHost = (headers: IncomingHttpHeaders) => headers.host === authority;
  const keysOf = (headers: IncomingHttpHeaders) => {
    const values = (headers.cookie ?? '').split(';').flatMap((part) => {
      const [name, value] = part.trim().split('=');
      return name === cookieName && value !== undefined ? [value] : [];
    });
    return values.flatMap((value) => sessions.get(digestOf(value).toString('hex')) ?? []);
  };

  return {
    cookieName,
    issueCode: (now) => {
      const fresh = randomBytes(32).toString('base64url');
      code = { digest: digestOf(fresh), until: now + codeLife };
      return fresh;
    },
    redeem: (offered, now) => {
      const known = code;
      if (known === null || now > known.until || !timingSafeEqual(digestOf(offered), known.digest)) {
        return null;
      }
      code = null;
      const [cookie, key] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
      sessions.set(digestOf(cookie).toString('hex'), digestOf(key).toString('hex'));
      return { cookie, key };
    },
    refusePage: (headers) => {
      const site = headers['sec-fetch-site'];
      if (!hasHost(headers)) {
        return 'host';
      }
      if (headers.origin !== undefined && headers.origin !== origin) {
        return 'origin';
      }
      // `none` is the user's own navigation; a browser that sends no such header is held by the strict cookie.
      if (site !== undefined && site !== 'same-origin' && site !== 'none') {
        return 'site';
      }
      return keysOf(headers).length > 0 ? null : 'cookie';
    },
    refuseSocket: (headers) => {
      const site = headers['sec-fetch-site'];
      if (!hasHost(headers)) {
        return 'host';
      }
      if (headers.origin !== origin) {
        return 'origin';
      }
      if (site !== undefined && site !== 'same-origin') {
        return 'site';
      }
      const keys = keysOf(headers);
      if (keys.length === 0) {
        return 'cookie';
      }
      const named = (headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
      const offered = named.find((part) => part.startsWith(keyProtocol))?.slice(keyProtocol.length) ?? '';
      return keys.includes(digestOf(offered).toString('hex')) ? null : 'key';
    },
    refuseEntry: (headers) => {
      // The redirect file is a page of the file system: its origin is opaque and says `null`.
      const isOpaque = headers.origin === 'null' || headers.origin === undefined;
      return hasHost(headers) ? (isOpaque ? null : 'origin') : 'host';
    },
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
