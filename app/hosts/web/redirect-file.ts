/**
 * The file that carries the single-use code to the user's browser: readable by the user alone (0600), so that neither
 * an argument vector nor an address bar shows the code. It posts the code and is removed once it was used.
 */
import { closeSync, fchmodSync, fchownSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const redirectFileName = 'open-slipway.html';

export interface RedirectFile {
  readonly path: string;
  remove(): void;
}

/**
 * `folder` must be this user's, to write to it alone. `reader` is whose browser reads the file where that is another user.
 * The code is base64url, so it needs no escaping.
 */
export function writeRedirectFile(
  folder: string,
  origin: string,
  code: string,
  reader: { readonly uid: number; readonly gid: number } | null = null,
): RedirectFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, redirectFileName);
  rmSync(path, { force: true });
  const page = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Slipway</title>
<form method="post" action="${origin}/enter"><input type="hidden" name="code" value="${code}"><button>Open Slipway</button></form>
<script>document.forms[0].submit()</script>
`;
  const file = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    writeFileSync(file, page);
    if (reader !== null) {
      fchownSync(file, reader.uid, reader.gid);
    }
  } finally {
    closeSync(file);
  }
  return { path, remove: () => rmSync(path, { force: true }) };
}
