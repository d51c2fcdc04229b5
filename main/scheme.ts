/**
 * The window's own scheme. Its files are a list read at the start (app/hosts/web/static-files.ts), so that no address
 * reaches the file system, and the page has an origin that no web page can have.
 */
import { protocol } from 'electron';
import { readStaticFiles } from '../app/hosts/web/static-files.ts';
import { scheme } from './addresses.ts';
import { type SchemeAnswer, serveScheme } from './platform.ts';

export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: false } },
  ]);
}

/** When the app is ready. */
export function serveWindow(folder: string): void {
  const files = readStaticFiles(folder);
  serveScheme(scheme, (url) => answer(url, files));
}

export function answer(url: string, files: ReturnType<typeof readStaticFiles>): SchemeAnswer {
  const { host, pathname } = new URL(url);
  const file = host === 'window' ? files.get(pathname) : undefined;
  const headers = {
    'content-type': file?.type ?? 'text/plain; charset=utf-8',
    'content-security-policy': pagePolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return { status: file === undefined ? 404 : 200, headers, body: file?.body ?? Buffer.alloc(0) };
}
