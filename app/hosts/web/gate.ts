/**
 * Who may talk to the web host. It listens on loopback, where every local user and every web page can send requests, so
 * each request must prove that it comes from the page that the user opened: the code of the redirect file is exchanged
 * once for a cookie, and the browser's own headers (Host, Origin, Sec-Fetch-Site) must fit. See docs/security.md.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** How long the code of a redirect file is good, in milliseconds. */
export const codeLife = 120_000;

export type Refusal = 'host' | 'origin' | 'site' | 'code' | 'cookie';

export interface Gate {
  /** A fresh code; an earlier one that was not used is void. */
  issueCode(now: number): string;
  /** The cookie's value for a code, once; null for any other. */
  redeem(code: string, now: number): string | null;
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
  const sessions = new Set<string>();

  const hasHost = (headers: IncomingHttpHeaders) => headers.host === authority;
  const hasCookie = (headers: IncomingHttpHeaders) => {
    const values = (headers.cookie ?? '').split(';').flatMap((part) => {
      const [name, value] = part.trim().split('=');
      return name === cookieName && value !== undefined ? [value] : [];
    });
    return values.some((value) => sessions.has(digestOf(value).toString('hex')));
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
      const session = randomBytes(32).toString('base64url');
      sessions.add(digestOf(session).toString('hex'));
      return session;
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
      return hasCookie(headers) ? null : 'cookie';
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
      return hasCookie(headers) ? null : 'cookie';
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
