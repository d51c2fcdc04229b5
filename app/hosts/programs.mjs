// What a clone runs: bundles of its sources, made anew where a source changed. 200 modules whose types are stripped one by
// one, and Kubernetes' client with its 700, cost every start what one file costs once (docs/adr/0009). Plain
// JavaScript, because it is loaded before anything that needs it.
import { lstatSync, readFileSync, statSync } from 'node:fs';
import module from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stateOf } from './source-state.mjs';

const clone = join(import.meta.dirname, '..', '..');

/** Where each program begins, below the clone. */
export const programs = {
  cli: 'app/hosts/cli/main.ts',
  core: 'app/hosts/core/main.ts',
  fake: 'app/hosts/core/fake.ts',
};

/** Runs one of `programs` in this process: its bundle, or its sources where nothing can be built or kept. */
export async function runProgram(name) {
  const bundles = await findBundles(clone);
  if (bundles !== null) {
    // Beside the bundles, because what is in there runs as well: never in a folder of temporary files.
    module.enableCompileCache?.(join(bundles, 'compiled'));
  }
  const file = bundles === null ? join(clone, programs[name]) : join(bundles, `${name}.mjs`);
  await import(pathToFileURL(file).href);
}

/** The folder with bundles of the sources as they are now; null where none can be had. */
export async function findBundles(root) {
  const places = [inClone(root), inCache(root)].filter((place) => place !== null);
  for (const { folder } of places) {
    const fresh = freshIn(folder, root);
    if (fresh !== null) {
      return fresh;
    }
  }
  for (const { folder, isWritable } of places) {
    if (isWritable) {
      try {
        const { renewBundles } = await import('../../scripts/bundle-programs.mjs');
        return await renewBundles(root, folder, programs);
      } catch {
        // No bundler, a full or read-only disk, a source with an error: its own start will tell.
      }
    }
  }
  return null;
}

const ourselves = process.getuid?.(); // undefined on Windows, where nothing below is asked

/** As trustworthy as the sources. Only their owner writes there: root leaves nothing behind that the owner cannot change. */
function inClone(root) {
  return {
    folder: join(root, 'out', 'programs'),
    isWritable: ourselves === undefined || statSync(root).uid === ourselves,
  };
}

/** For a clone that is somebody else's. Null where others may write there: what is in it runs as us. */
function inCache(root) {
  const name = Buffer.from(root).toString('base64url');
  try {
    // The system's word, not HOME's: under sudo that may still be another user's.
    const caches = process.env.XDG_CACHE_HOME || join(userInfo().homedir, '.cache');
    const folder = join(caches, 'slipway', 'programs');
    return name.length < 200 && isOurs(folder) ? { folder: join(folder, name), isWritable: true } : null;
  } catch {
    return null; // a user that the system does not know
  }
}

function isOurs(folder) {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return (
    found === undefined ||
    ourselves === undefined ||
    (found.isDirectory() && found.uid === ourselves && (found.mode & 0o022) === 0)
  );
}

/** Cheap enough for every start: some 200 files are looked at, and none is read. */
function freshIn(folder, root) {
  try {
    const kept = JSON.parse(readFileSync(join(folder, 'current.json'), 'utf8'));
    const isFresh = kept.root === root && kept.sources.every(({ path, state }) => stateOf(join(root, path)) === state);
    return isFresh ? join(folder, kept.name) : null;
  } catch {
    return null;
  }
}
