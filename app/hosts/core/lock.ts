/**
 * The one-core-per-user lock: a file made with O_EXCL that names the process holding it. A lock whose process is
 * gone (by process id and, on Linux, its start time, so that a reused id does not count) is taken over.
 */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';

/** File beside the lock with the KUBECONFIG that the core was started with. */
export const kubeconfigFile = 'core.kubeconfig';

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

function holderLives(text: string): boolean {
  const [id, start] = text.trim().split(' ');
  const processId = Number(id);
  if (!Number.isInteger(processId) || processId <= 0) {
    return false;
  }
  try {
    process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(processId) === (start ?? '');
}

/** The process id of the core that holds the lock, or null where none lives. */
export function lockHolder(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8');
    return holderLives(text) ? Number(text.trim().split(' ')[0]) : null;
  } catch {
    return null;
  }
}

/** Takes the lock; answers what releases it, or null while another process holds it. */
export function takeLock(path: string): (() => void) | null {
  const mine = `${process.pid} ${startOf(process.pid)}\n`;
  // The file appears under its name complete (link), so that a reader never sees it half written.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(draft, path);
        return () => {
          if (readFileSync(path, 'utf8') === mine) {
            unlinkSync(path);
          }
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw error;
        }
      }
      let holder: string;
      try {
        holder = readFileSync(path, 'utf8');
      } catch {
        continue; // released just now
      }
      if (holderLives(holder)) {
        return null;
      }
      // Two processes may find it stale at once: rename is atomic, so only one of them removes this very file.
      const stale = `${path}.stale.${process.pid}`;
      try {
        renameSync(path, stale);
        rmSync(stale, { force: true });
      } catch {
        // the other one was first
      }
    }
    return null;
  } finally {
    rmSync(draft, { force: true });
  }
}
