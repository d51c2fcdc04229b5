/**
 * The window's own scheme. Its files are a list read at the start (app/hosts/web/static-files.ts), so that no address
 * reaches the file system, and the page has an origin that no web page can have.
 */
import { protocol } from 'electron';
import { answerWithPolicy, policyOf } from '../app/hosts/web/page-policy.ts';
import { readStaticFiles } from '../app/hosts/web/static-files.ts';
import { scheme } from './addresses.ts';
import { type SchemeAnswer, serveScheme } from './platform.ts';

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
  const answered = file === undefined ? null : answerWithPolicy(file, "'none'");
  const headers = {
    'content-type': file?.type ?? 'text/plain; charset=utf-8',
    'content-security-policy': answered?.policy ?? policyOf(),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return { status: file === undefined ? 404 : 200, headers, body: answered?.body ?? Buffer.alloc(0) };
}
