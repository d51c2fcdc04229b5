// `npm run build-desktop`: bundles the Electron host, its preload, the core and the command line out of the same
// sources. `--compat` makes the host and the window for the old Electron of the tests instead.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs } from '../app/hosts/programs.mjs';
import { bundleProgram } from './bundle-programs.mjs';
import { buildPage, ensureModules, ensureNative, ensureWindow, root } from './tools.mjs';
import { whereChanged } from './where-changed.mjs';

/** Node 12 knows neither the `node:` prefix nor the promise modules: the bundle for the old Electron begins with this. */
const oldNodeBanner = readFileSync(join(root, 'scripts/old-electron-banner.cjs'), 'utf8');

function bundle(input, file, { output, ...options }) {
  return bundleProgram(join(root, input), { file: join(root, file), codeSplitting: false, ...output }, options);
}

/** The Electron host and its preload; `compat` for the old Electron of the tests. */
async function buildHost({ build, compat, folder }) {
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

/**
 * What runs in a Node of its own: the core and the fake one of the tests, each one file, because an update of the package
 * replaces files under a core that runs; the command line with parts, most of which most commands never load.
 */
async function buildPrograms() {
  // The sandbox comes with a clone alone: it is built from sources that a package has not.
  const options = { external: [/\/sandbox\/(sandbox|problems)\.ts$/] };
  for (const [name, file] of [
    ['core', 'out/core/core.mjs'],
    ['fake', 'out/core/fake.mjs'],
  ]) {
    await bundle(programs[name], file, options);
  }
  const folder = join(root, 'out/cli');
  rmSync(folder, { recursive: true, force: true }); // parts of an earlier build would be packaged too
  const files = { dir: folder, entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' };
  await bundleProgram({ slipway: join(root, programs.cli) }, files, options);
}

const builders = [
  ...['package-lock.json', 'vite.config.ts'],
  ...[
    'scripts/build-desktop.mjs',
    'scripts/old-electron-banner.cjs',
    'scripts/tools.mjs',
    'scripts/bundle-programs.mjs',
  ],
];

/** Builds where sources, libraries or the native build changed. */
function rebuild(name, folders, build, perform) {
  return whereChanged({ stamp: `out/${name}.build`, folders, files: builders, salt: build }, perform);
}

const ofPrograms = ['app'];
const ofHost = ['app', 'main', 'renderer/words'];
const ofWindow = ['app/contract', 'renderer'];

/** Core, fake core and command line as bundles in out/, which any Node from 22 on runs. */
export async function ensurePrograms(say, build) {
  await rebuild('programs', ofPrograms, build, async () => {
    say('bundling core and command line');
    await buildPrograms();
  });
}

/** The shipped app in out/: window, host, core and command line. */
export async function ensureApp(say, build) {
  await ensureWindow(say);
  await ensurePrograms(say, build);
  await rebuild('host', ofHost, build, async () => {
    say('bundling the host');
    await buildHost({ build, compat: false, folder: 'out' });
  });
}

/** The same sources for the old Electron of the tests, in out-e9/; answers the folder that Electron is started with. */
export async function ensureOldElectronApp(say, build) {
  const folder = join(root, 'out-e9');
  await ensurePrograms(say, build);
  await rebuild('old-electron-host', ofHost, build, async () => {
    say('bundling the host for the old Electron');
    await buildHost({ build, compat: true, folder: 'out-e9' });
  });
  await rebuild('old-electron-window', ofWindow, '', async () => {
    say('building the window for the old Electron');
    await buildPage(['--mode', 'old-electron', '--logLevel', 'error']);
  });
  const { name, version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name, version, description, main: 'main/entry.cjs' })}\n`,
  );
  return folder;
}

if (process.argv[1] === import.meta.filename) {
  const say = (text) => process.stderr.write(`slipway: ${text}\n`);
  await ensureModules(say);
  const build = await ensureNative(say);
  await (process.argv.includes('--compat') ? ensureOldElectronApp(say, build) : ensureApp(say, build));
}
