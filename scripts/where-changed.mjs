// Builds what is made of files only where one of them changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root, sourcesBelow } from './tools.mjs';

/**
 * Performs where something of `made` is not there, or where sources in `folders`, `files` or the words in `salt` differ from
 * when `stamp` was written. All are paths below the project's folder.
 */
export async function whereChanged({ stamp, folders = [], files = [], salt = '', made = [] }, perform) {
  const hash = createHash('sha256').update(salt);
  const sources = folders.flatMap((folder) => [...sourcesBelow(join(root, folder))]).sort();
  for (const path of [...sources, ...files.map((file) => join(root, file))]) {
    hash.update(relative(root, path)).update('\0').update(readFileSync(path));
  }
  const wanted = hash.digest('hex');
  const file = join(root, stamp);
  const isThere = made.every((path) => existsSync(join(root, path)));
  if (isThere && existsSync(file) && readFileSync(file, 'utf8') === wanted) {
    return;
  }
  rmSync(file, { force: true });
  await perform();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wanted);
}
