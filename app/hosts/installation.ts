/**
 * What lies where: in a clone beside the sources, in a package below its resources folder (`programs/cli`,
 * `programs/core`, `native/bin`, `node`; electron-builder.yml).
 */
import { join } from 'node:path';
import { heapFlags } from './core/modest-memory.ts';

/** A package's bundle is JavaScript; sources are TypeScript, and a clone's bundle of them says where they are (programs.mjs). */
export const isPackaged = import.meta.filename.endsWith('.mjs');

/** Arguments for Node that run this user's core. */
export function coreProgram(): readonly string[] {
  const program = isPackaged ? '../core/core.mjs' : 'core/start.mjs';
  return [...heapFlags, join(import.meta.dirname, program)];
}

/** The same for the core on a fake world, which a package has not. */
export function fakeCoreProgram(): readonly string[] {
  return [join(import.meta.dirname, 'core/start.mjs'), 'fake'];
}

/** What Node runs as the command line. */
export const cliProgram = join(import.meta.dirname, isPackaged ? 'slipway.mjs' : 'cli/slipway.mjs');

/** What a person types: in a clone `slipway` at its root, in a package the script beside the command line's folder. */
export const launcher = join(import.meta.dirname, isPackaged ? '../slipway' : '../../slipway');

/** The pages that come with Slipway, as Markdown. */
export const documents = join(import.meta.dirname, '../../docs');

/** The installed desktop app, null in a clone. */
export function installedApp(platform: NodeJS.Platform = process.platform): string | null {
  if (!isPackaged) {
    return null;
  }
  const name = { darwin: '../MacOS/Slipway', win32: '../Slipway.exe' }[platform as string] ?? '../slipway-desktop';
  return join(import.meta.dirname, '../..', name);
}
