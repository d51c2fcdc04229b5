/**
 * The files of the window, read once when the host starts: what is served is this list and nothing else, so that no
 * path of a request ever reaches the file system.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

/** By path as a request names it, `/` for the page itself. Files of other kinds are left out. */
export function readStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  const read = (path: string) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      const type = types[extname(entry.name)];
      if (entry.isDirectory()) {
        read(below);
      } else if (entry.isFile() && type !== undefined) {
        files.set(below === '/index.html' ? '/' : below, { body: readFileSync(join(folder, below)), type });
      }
    }
  };
  read('');
  return files;
}
