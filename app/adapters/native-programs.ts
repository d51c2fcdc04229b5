/** Where the native programs are, and which build they are of. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './storage/folders.ts';

export interface NativePrograms {
  readonly engine: string;
  readonly helper: string;
  readonly agent: string;
  /** "development" where they were not built by `npm run build-native`. */
  readonly build: string;
  /** The clone's own folder of native programs, null in a package. */
  readonly clone: string | null;
}

/** Beside what runs: in a clone below its root, in a package below its resources folder (electron-builder.yml). */
const ownFolder = join(dirname(fileURLToPath(import.meta.url)), '../../native/bin');

/**
 * A clone runs other programs where SLIPWAY_NATIVE_DIR says so, as tests do. A package has its own and no others: the
 * environment is written by every program of the user, and one of these programs is started as root.
 */
export function nativePrograms(environment: Environment, own: string = ownFolder): NativePrograms {
  const isClone = existsSync(join(own, '../go.mod')); // the sources, which no package has
  const folder = (isClone ? environment.SLIPWAY_NATIVE_DIR : undefined) ?? own;
  return {
    clone: isClone ? own : null,
    engine: join(folder, 'slipway-engine'),
    helper: join(folder, 'slipway-helper'),
    agent: join(folder, 'slipway-agent'),
    build: readBuild(join(folder, 'build')),
  };
}

function readBuild(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'development';
  }
}
