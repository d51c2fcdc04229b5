// `npm run build-desktop`: bundles the Electron host, its preload, the core and the command line out of the same
// sources. `--compat` makes a second Electron host, for the old Electron of the tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules, ensureNative, root } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);

/** Node 12 knows neither the `node:` prefix nor the promise modules: the bundle for the old Electron begins with this. */
const oldNodeBanner = readFileSync(join(root, 'scripts/old-electron-banner.cjs'), 'utf8');

async function bundle(input, file, options) {
  const { rolldown } = await import('rolldown');
  const { output, ...rest } = options;
  const built = await rolldown({ input: join(root, input), platform: 'node', logLevel: 'warn', ...rest });
  await built.write({ file: join(root, file), codeSplitting: false, ...output });
  await built.close();
}

/** The Electron host and its preload; `compat` for the old Electron of the tests. */
export async function buildHost({ build, compat, folder }) {
  const define = { buildOfApp: JSON.stringify(build) };
  const target = compat ? 'node12.14' : 'node22';
  const host = {
    external: ['electron'],
    transform: { target, define },
    output: { format: 'cjs', banner: compat ? oldNodeBanner : '' },
  };
  await bundle('main/entry.ts', `${folder}/main/entry.cjs`, host);
  await bundle('main/preload.ts', `${folder}/main/preload.cjs`, { ...host, output: { format: 'cjs' } });
}

/** What runs in a Node of its own: the core and the command line, each one file with all it needs. */
export async function buildCore() {
  const node = { transform: { target: 'node22' }, output: { format: 'esm' } };
  await bundle('app/hosts/core/main.ts', 'out/core/core.mjs', node);
  await bundle('app/hosts/core/fake.ts', 'out/core/fake.mjs', node);
}

if (process.argv[1] === import.meta.filename) {
  await ensureModules(say);
  const build = await ensureNative(say);
  await buildDesktop({
    build,
    compat: process.argv.includes('--compat'),
    folder: process.argv.includes('--compat') ? 'out-e9' : 'out',
  });
}
