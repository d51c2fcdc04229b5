/**
 * Finds a core that lives although its files are gone: it keeps its lock open, and the kernel remembers under which
 * name. Only Linux can be asked (proc(5)), and only about processes of this user.
 */
import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lockHolder } from './lock.ts';

/** The core that lives in this place, with or without its files; null where none does, or none that can be named here. */
export function livingCore(lockPath: string): number | null {
  return lockHolder(lockPath) ?? processHolding(lockPath);
}

/** The process of this user that has the file open which is or was at this path; null where there is none or it cannot be told. */
export function processHolding(path: string): number | null {
  const names = new Set([path, resolved(path)].flatMap((name) => [name, `${name} (deleted)`]));
  let processes: string[];
  try {
    processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return null;
  }
  const own = process.getuid?.();
  return (
    processes.map(Number).find((id) => belongsTo(id, own) && openFiles(id).some((name) => names.has(name))) ?? null
  );
}

/** As the kernel names it: without symbolic links on the way, as far as that is still there. */
function resolved(path: string): string {
  const parent = dirname(path);
  try {
    return join(realpathSync(parent), basename(path));
  } catch {
    return parent === path ? path : join(resolved(parent), basename(path));
  }
}

function belongsTo(processId: number, user: number | undefined): boolean {
  try {
    return statSync(`/proc/${processId}`).uid === user;
  } catch {
    return false;
  }
}

function openFiles(processId: number): string[] {
  const folder = `/proc/${processId}/fd`;
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)];
      } catch {
        return []; // it was closed just now
      }
    });
  } catch {
    return [];
  }
}
