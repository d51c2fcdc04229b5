/**
 * Folders of root's in which a person's browser finds a redirect file: root's, so that nobody can put something else in the file's
 * place, and passed through by the one whose the file in it is. One for each file, so that each lives as long as its code.
 */
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const prefix = 'slipway-window-';

/** Milliseconds after which no code of a file works any more (web-host.ts), and more. */
const pastUse = 10 * 60_000;

/** `where` has those of all users, as /tmp. */
export function makeSharedFolder(where = '/tmp'): string {
  const folder = mkdtempSync(join(where, prefix));
  chmodSync(folder, 0o711);
  return folder;
}

/** Removes what is this user's alone to write to and past its use. A file is removed by its name, no folder is walked into. */
export function removeOldFolders(file: string, where = '/tmp'): void {
  for (const name of readdirSync(where).filter((one) => one.startsWith(prefix))) {
    const folder = join(where, name);
    try {
      const { uid, mode, mtimeMs } = lstatSync(folder);
      const isOwn = uid === process.getuid?.() && (mode & 0o170_022) === 0o040_000;
      if (isOwn && mtimeMs < Date.now() - pastUse) {
        removeSharedFolder(folder, file);
      }
    } catch {} // went meanwhile, or has what is not ours
  }
}

/** With its file; throws where it has anything else. */
export function removeSharedFolder(folder: string, file: string): void {
  rmSync(join(folder, file), { force: true });
  if (existsSync(folder)) {
    rmdirSync(folder);
  }
}
