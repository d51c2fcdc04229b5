/**
 * The folders that Slipway keeps: runtime (lock, control socket), config (settings, what is wanted, trust) and state
 * (logs, records of agents). Each is the user's own with mode 0700; one that is a symlink or belongs to somebody else
 * is refused, because whoever owns it could put a socket of theirs in our place.
 */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { failure, problem, type Result, success } from '../../contract/index.ts';
import { thisUser, type User, userPlace } from './user-place.ts';

export interface Folders {
  readonly runtime: string;
  readonly config: string;
  readonly state: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Makes what is missing. A problem says which folder cannot be trusted or made, and why. */
export async function findFolders(environment: Environment, user: User = thisUser()): Promise<Result<Folders>> {
  const home = environment.HOME || homedir();
  const folders: Folders = {
    runtime: environment.SLIPWAY_RUNTIME_DIR ?? userPlace(user),
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

/** Null when the folder is there, the user's own and closed to others; else the reason. Makes it where it is missing. */
export async function makePrivate(folder: string): Promise<string | null> {
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
