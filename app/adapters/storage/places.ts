/** Where the folders of folders.ts lie, and whether one is the user's own. Loaded first by every command: it imports little. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type User, userPlace } from './user-place.ts';

export interface Folders {
  readonly runtime: string;
  readonly config: string;
  readonly state: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function placesOf(environment: Environment, user: User): Folders {
  const home = environment.HOME || homedir();
  return {
    runtime: environment.SLIPWAY_RUNTIME_DIR ?? userPlace(user),
    config: environment.SLIPWAY_CONFIG_DIR ?? join(baseFolder(environment.XDG_CONFIG_HOME, home, '.config'), 'slipway'),
    state:
      environment.SLIPWAY_STATE_DIR ?? join(baseFolder(environment.XDG_STATE_HOME, home, '.local/state'), 'slipway'),
  };
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
