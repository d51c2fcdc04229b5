/** Where the native programs are, and which build they are of. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './storage/folders.ts';

export interface NativePrograms {
  readonly engine: string;
  readonly helper: string;
  readonly agent: string;
  /** "development" where they were not built by `npm run build-native`. */
  readonly build: string;
}

export function nativePrograms(environment: Environment): NativePrograms {
  const folder = environment.SLIPWAY_NATIVE_DIR ?? join(dirname(fileURLToPath(import.meta.url)), '../../native/bin');
  return {
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
