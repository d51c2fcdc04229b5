/**
 * The folders that Slipway keeps: runtime (lock, control socket), config (settings, what is wanted, trust) and state
 * (logs, records of agents). Each is the user's own with mode 0700; one that is a symlink or belongs to somebody else
 * is refused, because whoever owns it could put a socket of theirs in our place.
 */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { failure, problem, type Result, success } from '../../contract/index.ts';

export interface Folders {
  readonly runtime: string;
  readonly config: string;
  readonly state: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Makes what is missing. A problem says which folder cannot be trusted or made, and why. */
export async function findFolders(environment: Environment): Promise<Result<Folders>> {
  const home = environment.HOME || homedir();
  const folders: Folders = {
    runtime: environment.SLIPWAY_RUNTIME_DIR ?? (await runtimeFolder(environment)),
    config: environment.SLIPWAY_CONFIG_DIR ?? join(baseFolder(environment.XDG_CONFIG_HOME, home, '.config'), 'slipway'),
    state:
      environment.SLIPWAY_STATE_DIR ?? join(baseFolder(environment.XDG_STATE_HOME, home, '.local/state'), 'slipway'),
  };
  for (const folder of Object.values(folders)) {
    const refusal = await makePrivate(folder);
    if (refusal !== null) {
      return failure(problem('internal', `the folder ${folder} cannot be used: ${refusal}`, { folder }));
    }
  }
  return success(folders);
}

/** XDG Base Directory Specification: relative values must be ignored. */
function baseFolder(value: string | undefined, home: string, otherwise: string): string {
  return value !== undefined && isAbsolute(value) ? value : join(home, otherwise);
}

async function runtimeFolder(environment: Environment): Promise<string> {
  const given = environment.XDG_RUNTIME_DIR;
  if (given !== undefined && isAbsolute(given)) {
    try {
      const stat = await lstat(given);
      // After `su` or `sudo -E` it may still be the other user's: then it is as good as not set.
      if (stat.isDirectory() && (process.getuid === undefined || stat.uid === process.getuid())) {
        return join(given, 'slipway');
      }
    } catch {
      // It does not exist.
    }
  }
  // tmpdir() follows TMPDIR, which two terminals of one user may set differently: they would start two cores.
  const temporary = process.platform === 'win32' ? tmpdir() : '/tmp';
  return join(temporary, `slipway-${process.getuid?.() ?? 'user'}`);
}

/** Null when the folder is there, the user's own and closed to others; else the reason. */
async function makePrivate(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const stat = await lstat(folder);
    if (stat.isSymbolicLink()) {
      return 'it is a symbolic link';
    }
    if (!stat.isDirectory()) {
      return 'it is not a folder';
    }
    if (process.getuid !== undefined && stat.uid !== process.getuid()) {
      return `it belongs to user ${stat.uid}`;
    }
    if ((stat.mode & 0o077) !== 0) {
      await chmod(folder, 0o700);
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
