/**
 * The policy of the window's page (Content Security Policy 3), the same for a browser and for Electron: nothing from
 * elsewhere, no code and no styles made of text. Radix adds style elements while a menu or a dialogue is open; those
 * carry a nonce that each answer makes anew.
 */
import { randomBytes } from 'node:crypto';

/** What renderer/index.html says in the place of the nonce. */
const placeholder = 'STYLE-NONCE';

export interface PageAnswer {
  readonly body: Buffer;
  readonly policy: string;
}

/** A file of the window as it is answered. `connect` is `'self'` where the core is behind a WebSocket of the same origin. */
export function answerWithPolicy(file: { readonly body: Buffer; readonly type: string }, connect: string): PageAnswer {
  const nonce = randomBytes(16).toString('base64');
  const isPage = file.type.startsWith('text/html');
  return {
    body: isPage ? Buffer.from(file.body.toString('utf8').replaceAll(placeholder, nonce)) : file.body,
    policy: policyOf({ style: isPage ? `'self' 'nonce-${nonce}'` : "'self'", connect }),
  };
}

/** For answers that are no file of the window. `script` may name one script of ours. */
export function policyOf({ style = "'none'", script = "'self'", connect = "'none'" } = {}): string {
  return [
    "default-src 'none'",
    `script-src ${script}`,
    `style-src ${style}`,
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
