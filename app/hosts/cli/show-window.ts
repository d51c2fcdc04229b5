/**
 * `npm start`: shows the window, in Electron where its program is there, otherwise in a browser through the web host, and
 * stays until Ctrl-C, which disconnects. `fake` runs it on a world that does not exist, with scenarios of app/fakes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFolders } from '../../adapters/storage/folders.ts';
import { type ContextKey, type CoreLink, nothingChosen } from '../../contract/index.ts';
import { fakeCoreProgram, installedApp } from '../installation.ts';
import { hasDisplay } from '../web/browser.ts';
import { showInBrowser } from '../web/run.ts';
import { askedToEnd } from './asked-to-end.ts';
import { type ConnectOptions, disconnect } from './connect.ts';
import { choicesOf } from './connect-options.ts';
import { attachToCore } from './core-link.ts';
import { chosenContext, keyOfContext } from './lists.ts';
import { dim, invocation, say } from './output.ts';
import { Ended, unwrap, withOwnCore } from './run.ts';

const root = join(import.meta.dirname, '../../..');
const windowFolder = join(root, 'out/renderer');

/** Electron's program, or null: it is fetched by its own installer (`npx electron --version`), never by us. */
function electronProgram(environment: NodeJS.ProcessEnv): string | null {
  const folder = environment.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules/electron/dist');
  const name = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform as string];
  const program = join(folder, name ?? 'electron');
  // A browser engine with root's rights is nothing that anybody should have by default.
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  return !isRoot && existsSync(program) ? program : null;
}

/** Shows the window on this user's core. `options` is kept as what is chosen for its context, so that a click connects so. */
export async function showWindow(options: ConnectOptions): Promise<void> {
  const app = installedApp();
  if (app !== null) {
    await withOwnCore((core) => keepOptions(core, options));
    process.exitCode = await runElectron(app, []);
    return;
  }
  const electron = electronProgram(process.env);
  if (electron !== null) {
    await withOwnCore((core) => keepOptions(core, options));
    process.exitCode = await runElectron(electron, [root]);
    return;
  }
  await withOwnCore(async (core) => {
    await keepOptions(core, options);
    await showInBrowserUntilEnd(core, process.env);
  });
}

/** Shows the window on a fake core, which ends with it. */
export async function showFakeWindow(): Promise<void> {
  const runtime = mkdtempSync(join(tmpdir(), 'slipway-fake-'));
  process.env.SLIPWAY_RUNTIME_DIR = runtime;
  process.env.SLIPWAY_CONFIG_DIR = join(runtime, 'config');
  process.env.SLIPWAY_STATE_DIR = join(runtime, 'state');
  const child = await startFakeCore().catch((error: unknown) => {
    rmSync(runtime, { recursive: true, force: true });
    throw error;
  });
  try {
    const core = unwrap(await attachToCore());
    if (core === null) {
      throw new Ended('the fake core does not answer', false, 8);
    }
    say('A made-up world: no cluster is contacted, and nothing on this computer is changed.');
    await showInBrowserUntilEnd(core, process.env);
    core.close();
  } finally {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill('SIGTERM');
    await ended; // it removes its lock, which is in the folder
    rmSync(runtime, { recursive: true, force: true });
  }
}

function startFakeCore(): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    // In a group of its own, so that Ctrl-C reaches it only after the window said goodbye.
    const child = spawn(process.execPath, fakeCoreProgram(), { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    child.once('exit', (code) => reject(new Ended(`the fake core ended with ${code}`, true, code ?? 8)));
    // It says where it serves just before it does.
    child.stdout.once('data', async () => {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const attached = await attachToCore();
        if (attached.ok && attached.value !== null) {
          attached.value.close();
          break;
        }
        await new Promise((settle) => setTimeout(settle, 25));
      }
      resolve(child);
    });
  });
}

/** For the named context, or the current one; a named one must be there. */
async function keepOptions(core: CoreLink, options: ConnectOptions): Promise<void> {
  const choices = choicesOf(options);
  const isGiven = Object.keys(choices).length > 0;
  if (options.context === '' && !isGiven) {
    return;
  }
  const key = await keyOfContext(core, await chosenContext(core, options.context || undefined));
  if (!isGiven) {
    return;
  }
  const { contexts } = unwrap(await core.call('getSettings', {}));
  const isOurs = (one: ContextKey) => one.context === key.context && one.file === key.file;
  const chosen = { ...nothingChosen, ...contexts.find(isOurs), ...key, ...choices };
  unwrap(await core.call('changeSettings', { contexts: [...contexts.filter((one) => !isOurs(one)), chosen] }));
}

async function showInBrowserUntilEnd(core: CoreLink, environment: NodeJS.ProcessEnv): Promise<void> {
  const folders = unwrap(await findFolders(environment));
  const shown = await showInBrowser({
    coreSocket: join(folders.runtime, 'core.sock'),
    windowFolder,
    runtimeFolder: folders.runtime,
    environment,
  });
  const asked = askedToEnd();
  say(shown.opened ? 'Slipway opens in your browser.' : withoutBrowser(environment, process.getuid?.() === 0));
  say(`  ${shown.file}`);
  say(dim('It lets one browser in and works for two minutes; press Enter for a new one. Ctrl-C disconnects and ends.'));
  const renew = () => say(`  ${shown.renew()}`);
  process.stdin.on('data', renew);
  try {
    const end = await Promise.race([asked.asked, core.ended]);
    process.stdin.off('data', renew);
    process.stdin.pause();
    await shown.close();
    if (end !== 'asked') {
      throw new Ended(`the core ended: ${end}; start again to restore what was on`, false, 8);
    }
    await disconnect(core, true);
  } finally {
    asked.done();
  }
}

function withoutBrowser(environment: NodeJS.ProcessEnv, isRoot: boolean): string {
  const because = isRoot && hasDisplay(environment) ? 'No browser came up: one that runs as root is not started. ' : '';
  return environment.SLIPWAY_IN_SANDBOX === '1'
    ? `${because}Open this file in a browser on the sandbox’s laptop (\`${invocation} sandbox shell -- BROWSER FILE\`):`
    : `${because}Open this file in a browser on this computer:`;
}

function runElectron(program: string, words: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: 'inherit' });
    // It disconnects before it ends; Ctrl-C reaches it through the terminal.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', () => resolve(8));
    child.once('close', (code) => resolve(code ?? 130));
  });
}
