/**
 * How a core is found: its lock, and its socket beside it. Both are files, and files get deleted: by logind at the last
 * logout, by a cleaner of temporary folders, by somebody who tidies up. What holds a laptop's routes and names must not
 * be lost to its user for that, so both are looked after and come back.
 */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { makePrivate } from '../../adapters/storage/folders.ts';
import { processHolding } from './living-core.ts';
import { type Lock, takeLock } from './lock.ts';

/** Between two looks at the files, in milliseconds. */
const lookEvery = 1000;

export interface Presence {
  /** Serves: `connected` hears of every frontend. */
  serve(connected: (socket: Socket) => void): Promise<void>;
  /** Hears that another core took this one's place while the files were gone. */
  displaced(listener: () => void): void;
  /** Serves nobody any more, and still keeps others out. */
  close(): void;
  end(): void;
}

/** Null where another core of this user lives, with or without its files. `folder` is the user's own. */
export function takePlace(folder: string): Presence | null {
  const lockPath = join(folder, 'core.lock');
  const socketPath = join(folder, 'core.sock');
  const lock = isTaken(lockPath) ? null : takeLock(lockPath);
  return lock === null ? null : presence(folder, socketPath, lock);
}

function isTaken(lockPath: string): boolean {
  try {
    lstatSync(lockPath);
    return false; // takeLock judges it
  } catch {
    return processHolding(lockPath) !== null;
  }
}

function presence(folder: string, socketPath: string, lock: Lock): Presence {
  let server: Server | null = null;
  let inode = 0;
  let ticking: NodeJS.Timeout | undefined;
  let displaced: () => void = () => {};

  const open = async (connected: (socket: Socket) => void): Promise<void> => {
    server?.close(); // removes the file of its name, so it comes first
    rmSync(socketPath, { force: true }); // left by a core that was killed; the lock says that none lives
    const opened = createServer(connected);
    server = opened;
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(socketPath, resolve);
    });
    opened.on('error', () => {}); // a connection that could not be accepted ends nobody else's
    chmodSync(socketPath, 0o600);
    inode = lstatSync(socketPath).ino;
  };

  const isThere = () => {
    try {
      return lstatSync(socketPath).ino === inode;
    } catch {
      return false;
    }
  };

  const look = async (connected: (socket: Socket) => void): Promise<void> => {
    if ((await makePrivate(folder)) !== null) {
      return; // somebody else made one of this name meanwhile
    }
    if (!lock.keep()) {
      displaced();
    } else if (!isThere()) {
      await open(connected);
    }
  };

  return {
    serve: async (connected) => {
      await open(connected);
      ticking = setInterval(() => {
        look(connected).catch(() => {}); // a full disk, say: the next look tries again
      }, lookEvery).unref();
    },
    displaced: (listener) => {
      displaced = listener;
    },
    close: () => {
      clearInterval(ticking);
      // Undoing may take longer than an untouched lock counts for those of another process-id namespace.
      ticking = setInterval(() => {
        try {
          lock.keep();
        } catch {
          // the next touch tries again
        }
      }, lookEvery).unref();
      const isOwn = isThere(); // where another core took the place it is that one's
      server?.close();
      if (isOwn) {
        rmSync(socketPath, { force: true });
      }
    },
    end: () => {
      clearInterval(ticking);
      lock.release();
    },
  };
}
