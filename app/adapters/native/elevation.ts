/**
 * What may be started as root by a prompt, and what is said of it before. Whoever can change a file that root runs is
 * root: so it is one that root alone can change, with every folder above it. Then looking before it is run is no race.
 * In a clone nothing is root's; there the clone's own program is run, and that is said.
 */
import { constants, type Stats } from 'node:fs';
import { access, lstat, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { cause, type Problem, problem } from '../../contract/index.ts';

/** Write permission of group and others; an access control list that lets more in shows in the group's (acl(5)). */
const othersMayWrite = 0o022;

export interface Exposure {
  readonly path: string;
  /** Whose it is; null where it is root's and others may write to it. */
  readonly user: number | null;
}

/** What somebody else than root can change: the file or a folder above it, null where nobody can. `file` has no symlinks. */
export async function findExposure(
  file: string,
  look: (path: string) => Promise<Pick<Stats, 'uid' | 'mode'>> = lstat,
): Promise<Exposure | null> {
  for (let path = file; ; path = dirname(path)) {
    const { uid, mode } = await look(path);
    if (uid !== 0) {
      return { path, user: uid };
    }
    if ((mode & othersMayWrite) !== 0) {
      return { path, user: null };
    }
    if (path === dirname(path)) {
      return null;
    }
  }
}

export interface Elevated {
  /** Without symlinks: what is shown, what was looked at and what is run are one file. */
  readonly program: string;
  readonly isClone: boolean;
}

/**
 * The program as it may be started as root, or helper-program-missing, helper-untrusted. `clone` is the folder of the native
 * programs of the clone that this runs from, null in a package.
 */
export async function mayElevate(
  program: string,
  clone: string | null,
): Promise<Elevated | { readonly problem: Problem }> {
  try {
    const real = await realpath(program);
    await access(real, constants.X_OK);
    const exposed = await findExposure(real);
    if (exposed === null) {
      return { program: real, isClone: false };
    }
    if (clone !== null && dirname(real) === (await realpath(clone))) {
      return { program: real, isClone: true };
    }
    const { path, user } = exposed;
    const because =
      user === null
        ? cause('helperExposedMode', { program: real, path })
        : cause('helperExposedOwner', { program: real, path, user: String(user) });
    return { problem: problem('helper-untrusted', because) };
  } catch {
    return { problem: problem('helper-program-missing', cause('notThere', { file: program })) };
  }
}

/** The first program of this name on the path that root alone can change: one that asks for a password, or acts with it. */
export async function findRootsProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    try {
      const named = join(await realpath(folder), name); // run by its name: some programs are many, and look at that
      const real = await realpath(named);
      await access(real, constants.X_OK);
      if ((await findExposure(dirname(named))) === null && (await findExposure(real)) === null) {
        return named;
      }
    } catch {
      // not here
    }
  }
  return null;
}
