/**
 * The one-core-per-user lock: a file made with O_EXCL that names the process holding it. A lock whose process is
 * gone (by process id and, on Linux, its start time, so that a reused id does not count) is taken over.
 */
import {
  closeSync,
  constants,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';

/** Start time of a process in clock ticks since boot, see proc(5); empty where it cannot be told. */
function startOf(processId: number): string {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'gone' : (fields[19] ?? '');
  } catch {
    return process.platform === 'linux' ? 'gone' : '';
  }
}

/** Processes of another process-id namespace (a container that shares home and network) cannot be looked up by id. */
function processIdNamespace(): string {
  try {
    return String(statSync('/proc/self/ns/pid').ino);
  } catch {
    return '';
  }
}

/** How long a lock that nobody touched counts, where its holder cannot be looked up, in milliseconds. */
const untouchedFor = 20_000;

function isFromElsewhere(text: string): boolean {
  const named = text.trim().split(' ')[2] ?? '';
  return named !== '' && named !== processIdNamespace();
}

function holderLives(text: string, path: string): boolean {
  const [id, start] = text.trim().split(' ');
  const processId = Number(id);
  if (!Number.isInteger(processId) || processId <= 0) {
    return false;
  }
  if (isFromElsewhere(text)) {
    return Date.now() - statSync(path).mtimeMs < untouchedFor;
  }
  try {
    process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(processId) === (start ?? '');
}

/** The process id of the core that holds the lock, or null where none lives that could be named here. */
export function lockHolder(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8');
    return !isFromElsewhere(text) && holderLives(text, path) ? Number(text.trim().split(' ')[0]) : null;
  } catch {
    return null;
  }
}

export interface Lock {
  /** Takes it anew where somebody deleted it; false while another process holds it. Touches it where it is still ours. */
  keep(): boolean;
  release(): void;
}

/** Takes the lock; null while another process holds it. Its file stays open: so it is found when it was deleted (living-core.ts). */
export function takeLock(path: string): Lock | null {
  const mine = `${process.pid} ${startOf(process.pid)} ${processIdNamespace()}\n`;
  const isMine = () => {
    try {
      return readFileSync(path, 'utf8') === mine;
    } catch {
      return false;
    }
  };
  if (!placeLock(path, mine)) {
    return null;
  }
  let opened = openSync(path, constants.O_RDONLY);
  return {
    keep: () => {
      if (isMine()) {
        utimesSync(path, new Date(), new Date());
        return true;
      }
      if (!placeLock(path, mine)) {
        return false;
      }
      closeSync(opened);
      opened = openSync(path, constants.O_RDONLY);
      return true;
    },
    release: () => {
      closeSync(opened);
      if (isMine()) {
        unlinkSync(path);
      }
    },
  };
}

/** Two processes may find it stale at once, and one of them may have its own there by now: that is put back. */
function takeAway(path: string, judged: string): void {
  const stale = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, stale);
    if (readFileSync(stale, 'utf8') !== judged) {
      linkSync(stale, path);
    }
  } catch {
    // the other one was first
  } finally {
    rmSync(stale, { force: true });
  }
}

function placeLock(path: string, mine: string): boolean {
  // The file appears under its name complete (link), so that a reader never sees it half written.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(draft, path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw error;
        }
      }
      let judged: string;
      try {
        judged = readFileSync(path, 'utf8');
        if (holderLives(judged, path)) {
          return false;
        }
      } catch {
        continue; // released just now
      }
      takeAway(path, judged);
    }
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}
