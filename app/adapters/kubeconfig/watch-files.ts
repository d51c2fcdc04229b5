/**
 * Tells when a kubeconfig file changed, appeared or went away. Folders are watched, not files, because tools replace
 * the file by a rename; where the folder does not exist yet, its nearest existing ancestor is.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Tools write in several steps: one report for all of them. Milliseconds. */
const settleTime = 200;

/** Where the system has no watch left to give (inotify limits), and for network file systems that report nothing. */
const pollTime = 5_000;

export function watchFiles(files: readonly string[], changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let known = files.map(fingerprint).join('\n'); // at once: what changes from now on is a change
  let settling: NodeJS.Timeout | undefined;
  let checking: Promise<void> = Promise.resolve();
  let ended = false;

  const check = async () => {
    await rearm();
    const now = files.map(fingerprint).join('\n'); // after the watches are armed, so that nothing falls between
    if (!ended && now !== known) {
      known = now;
      changed();
    }
  };
  const noticed = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      checking = checking.then(check, check);
    }, settleTime);
  };
  const rearm = async () => {
    const wanted = new Set<string>();
    for (const file of files) {
      wanted.add(await nearestFolder(dirname(file)));
      try {
        wanted.add(dirname(await realpath(file))); // a symlink's target changes in its own folder
      } catch {
        // It does not exist.
      }
    }
    for (const [folder, watcher] of watchers) {
      if (!wanted.has(folder)) {
        watcher.close();
        watchers.delete(folder);
      }
    }
    for (const folder of wanted) {
      if (!ended && !watchers.has(folder)) {
        arm(folder);
      }
    }
  };
  const arm = (folder: string) => {
    try {
      const watcher = watch(folder, { persistent: false }, noticed);
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // No watch to be had: the poll finds it.
    }
  };
  checking = check();
  const poll = setInterval(noticed, pollTime);
  poll.unref();
  return () => {
    ended = true;
    clearTimeout(settling);
    clearInterval(poll);
    for (const watcher of watchers.values()) {
      watcher.close();
    }
  };
}

function fingerprint(file: string): string {
  try {
    const found = statSync(file, { bigint: true });
    return `${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch {
    return 'absent'; // or unreadable: as good as absent
  }
}

async function nearestFolder(folder: string): Promise<string> {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    try {
      if ((await stat(candidate)).isDirectory()) {
        return candidate;
      }
    } catch {
      // One level up.
    }
    if (candidate === dirname(candidate)) {
      return candidate;
    }
  }
}
