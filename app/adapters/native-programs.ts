/** Where the native programs are, and which build they are of. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Processor, processors } from './agent/processors.ts';
import type { Environment } from './storage/folders.ts';

export interface NativePrograms {
  readonly engine: string;
  readonly helper: string;
  /** By processor: one for each kind of node that it may be sent to. */
  readonly agents: Readonly<Record<Processor, string>>;
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
    agents: agentsIn(folder),
    build: readBuild(join(folder, 'build')),
  };
}

/** The agent for nodes of this computer's own processor has the plain name; scripts/tools.mjs builds them. */
function agentsIn(folder: string): Record<Processor, string> {
  const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const files = processors.map((one) => [one, join(folder, one === own ? 'slipway-agent' : `slipway-agent-${one}`)]);
  return Object.fromEntries(files) as Record<Processor, string>;
}

function readBuild(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'development';
  }
}
