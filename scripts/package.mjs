// `npm run package`: builds the packages of this system into dist/ by electron-builder.yml. `-- --test [TARGET…]` builds
// the same contents around the old Electron of the tests, offline, into dist-e9/ (dir, deb and tar.gz where none is named).
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureApp, ensureOldElectronApp } from './build-desktop.mjs';
import { ensureDebianPackages, packagingPackages } from './debian.mjs';
import { licences } from './licences.mjs';
import { ensureTestElectron } from './test-electron.mjs';
import { ensureModules, ensureNative, modernNode, nativeBinaries, projectEnvironment, root } from './tools.mjs';
import { whereChanged } from './where-changed.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
const nfpmVersion = 'v2.43.0';
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What is made of the targets that tests build. */
const testPackages = {
  dir: 'dist-e9/linux-unpacked',
  deb: `dist-e9/slipway_${version}_amd64.deb`,
  'tar.gz': `dist-e9/slipway-${version}.tar.gz`,
};

function must(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  if (done.status !== 0) {
    throw new Error(`${command} ${args[0]} ended with ${done.status ?? done.error?.message}`);
  }
  return done.stdout;
}

/** electron-builder's words for this system. */
const system = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform];

/** What electron-builder.yml takes from out/: native programs, Node, icons, completions, licences. */
function assemble() {
  const here = `${system}-${process.arch}`;
  const native = join(root, 'out/native', here);
  rmSync(native, { recursive: true, force: true });
  mkdirSync(native, { recursive: true });
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const name of nativeBinaries) {
    cpSync(join(root, 'native/bin', `${name}${suffix}`), join(native, `${name}${suffix}`));
  }
  cpSync(join(root, 'native/bin/build'), join(native, 'build'));

  const node = join(root, 'out/node', here);
  const packaged = join(
    root,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  );
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  if (!existsSync(join(packaged, 'bin', program))) {
    throw new Error(`no Node to ship for ${here}: put one into out/node/${here} and its licence beside it`);
  }
  rmSync(node, { recursive: true, force: true });
  mkdirSync(join(node, 'bin'), { recursive: true });
  cpSync(join(packaged, 'bin', program), join(node, 'bin', program));
  cpSync(join(packaged, 'LICENSE'), join(node, 'LICENSE'));

  // electron-builder knows sizes by these names alone.
  for (const size of [16, 32, 48, 64, 128, 256, 512]) {
    cpSync(join(root, `resources/icons/slipway-${size}.png`), join(root, `out/icons/${size}x${size}.png`));
  }
  mkdirSync(join(root, 'out/completions'), { recursive: true });
  for (const [shell, file] of [
    ['bash', 'slipway.bash'],
    ['zsh', '_slipway'],
    ['fish', 'slipway.fish'],
  ]) {
    const script = must(modernNode(), [join(root, 'out/cli/slipway.mjs'), 'completion', shell]);
    writeFileSync(join(root, 'out/completions', file), script);
  }
  mkdirSync(join(root, 'out/licences'), { recursive: true });
  writeFileSync(join(root, 'out/licences/third-party.txt'), licences());
}

/** nfpm through the module proxy, whose checksums are public. */
function ensureNfpm() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'slipway', 'nfpm', nfpmVersion);
  const program = join(folder, 'nfpm');
  if (!existsSync(program)) {
    say('building nfpm');
    mkdirSync(folder, { recursive: true });
    must('go', ['install', `github.com/goreleaser/nfpm/v2/cmd/nfpm@${nfpmVersion}`], {
      env: { ...projectEnvironment(), GOBIN: folder },
    });
  }
  return program;
}

/** The same contents around the old Electron, which has no fuses: a file, because an object would be merged into the other. */
async function testConfiguration(targets) {
  const { parse } = await import('yaml');
  const { electronFuses: _, ...config } = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8'));
  const electron = ensureTestElectron(say);
  const derived = {
    ...config,
    directories: { ...config.directories, output: 'dist-e9' },
    electronVersion: readFileSync(join(electron, 'version'), 'utf8').trim().replace(/^v/, ''),
    electronDist: electron,
    extraMetadata: { main: 'out-e9/main/entry.cjs' },
    files: config.files.map((pattern) => pattern.replace(/^out\//, 'out-e9/')),
    linux: { ...config.linux, target: targets },
    deb: { ...config.deb, compression: 'gz' },
  };
  const file = join(root, 'out/electron-builder.e9.json');
  writeFileSync(file, JSON.stringify(derived));
  return file;
}

/** What the packages are made of, beside what the stamps in out/ already stand for. */
const packaged = {
  folders: ['resources/icons', 'resources/linux', 'resources/programs'],
  files: [
    ...['programs', 'old-electron-host', 'old-electron-window'].map((name) => `out/${name}.build`),
    ...['electron-builder.yml', 'package.json', 'package-lock.json', 'LICENSE'],
    ...['package', 'fpm-by-nfpm', 'licences', 'test-electron'].map((name) => `scripts/${name}.mjs`),
  ],
};

async function packageForTests(build, named) {
  const why = ensureDebianPackages(say, packagingPackages);
  if (why !== '') {
    throw new Error(why);
  }
  await ensureOldElectronApp(say, build);
  const targets = named.length > 0 ? named : ['dir', 'deb', 'tar.gz'];
  const made = targets.map((target) => testPackages[target]).filter((path) => path !== undefined);
  await whereChanged({ ...packaged, stamp: 'dist-e9/build', salt: [build, ...targets].join(' '), made }, async () => {
    assemble();
    Object.assign(process.env, {
      CUSTOM_FPM_PATH: join(root, 'scripts/fpm-by-nfpm.mjs'),
      NFPM: ensureNfpm(),
      ELECTRON_BUILDER_7ZIP_PATH: '/usr/bin/7za',
      // Nobody downloads them: time matters more than size.
      ELECTRON_BUILDER_COMPRESSION_LEVEL: '1',
      PATH: projectEnvironment().PATH,
    });
    const config = await testConfiguration(targets);
    await buildPackages({ projectDir: root, targets: Platform.LINUX.createTarget(), config, publish: 'never' });
  });
}

await ensureModules(say);
const build = await ensureNative(say);
const { build: buildPackages, Platform } = await import('electron-builder');
if (process.argv.includes('--test')) {
  const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  await packageForTests(build, named);
} else {
  await ensureApp(say, build);
  assemble();
  await buildPackages({ projectDir: root, config: join(root, 'electron-builder.yml'), publish: 'never' });
}
