/**
 * The file that carries the single-use code to the user's browser: readable by the user alone (0600), so that neither
 * an argument vector nor an address bar shows the code. It posts the code and is removed once it was used.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RedirectFile {
  readonly path: string;
  remove(): void;
}

/** `folder` must be the user's alone. The code is base64url, so it needs no escaping. */
export function writeRedirectFile(folder: string, origin: string, code: string): RedirectFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'open-slipway.html');
  rmSync(path, { force: true });
  const page = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Slipway</title>
<form method="post" action="${origin}/enter"><input type="hidden" name="code" value="${code}"><button>Open Slipway</button></form>
<script>document.forms[0].submit()</script>
`;
  writeFileSync(path, page, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
  return { path, remove: () => rmSync(path, { force: true }) };
}
