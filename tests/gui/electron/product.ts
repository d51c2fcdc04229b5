/** The app in the test Electron, started as a user's: with a profile and folders of its own, on a core that the test names. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { CoreLink, Result, Snapshot } from '../../../app/contract/index.ts';
import { attach } from '../../../app/hosts/attach.ts';
import type { Desktop } from './desktop.ts';

const root = join(import.meta.dirname, '../../..');

export interface Product {
  readonly app: ElectronApplication;
  readonly process: ChildProcess;
  /** The first window; rejects where none opens. */
  window(): Promise<Page>;
  readonly environment: Record<string, string>;
  readonly userData: string;
  readonly coreSocket: string;
  snapshot(): Promise<Snapshot>;
  connect(context: string): Promise<void>;
  /** Ends the app however it is. */
  close(): Promise<void>;
}

export interface ProductOptions {
  /** Scenarios of the fake core, see app/fakes/scenarios.ts. */
  readonly scenarios?: string;
  readonly words?: readonly string[];
  /** Of an earlier start, to be met again. */
  readonly folder?: string;
}

/** Where tests/gui/electron/global-setup.ts put what it ensured. */
export const electronFolder = () => process.env.SLIPWAY_TEST_ELECTRON ?? '';
export const appFolder = join(root, 'out-e9');

export async function startProduct(desktop: Desktop, options: ProductOptions = {}): Promise<Product> {
  const folder = options.folder ?? mkdtempSync(join(desktop.folder, 'app-'));
  const environment = {
    ...desktop.environment,
    SLIPWAY_FAKE: options.scenarios ?? 'fast',
    SLIPWAY_RUNTIME_DIR: join(folder, 'run'),
    SLIPWAY_CONFIG_DIR: join(folder, 'config'),
    SLIPWAY_STATE_DIR: join(folder, 'state'),
    SLIPWAY_NATIVE_DIR: join(root, 'native/bin'),
  };
  const userData = join(folder, 'profile');
  const app = await _electron.launch({
    executablePath: join(electronFolder(), 'electron'),
    args: ['--no-sandbox', '--disable-gpu', `--user-data-dir=${userData}`, appFolder, ...(options.words ?? [])],
    env: environment,
    timeout: 60_000,
  });
  const coreSocket = join(folder, 'run', 'core.sock');
  const child = app.process();
  return {
    app,
    process: child,
    environment,
    userData,
    coreSocket,
    window: async () => {
      const page = await app.firstWindow({ timeout: 60_000 });
      page.setDefaultTimeout(30_000);
      return page;
    },
    snapshot: () => snapshotOf(coreSocket),
    connect: (context) =>
      withCore(coreSocket, async (link) => {
        unwrap(await link.call('connect', { context }));
      }),
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      try {
        // Playwright makes it a group; helpers of Chromium outlive a host that is killed.
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // nothing of it is left
      }
      if (!hasEnded) {
        await ended;
      }
      await endCore(coreSocket);
    },
  };
}

/** What the core says, over a link of the test's own. */
export function snapshotOf(coreSocket: string): Promise<Snapshot> {
  return withCore(coreSocket, async (link) => unwrap(await link.call('getSnapshot', {})));
}

async function withCore<Value>(coreSocket: string, use: (link: CoreLink) => Promise<Value>): Promise<Value> {
  const attached = await attach(coreSocket, 'cli', 'test');
  if (!('link' in attached)) {
    throw new Error(`no core: ${attached.kind}`);
  }
  try {
    return await use(attached.link);
  } finally {
    attached.link.close();
  }
}

function unwrap<Value>(result: Result<Value>): Value {
  if (!result.ok) {
    throw new Error(`${result.problem.code}: ${result.problem.cause}`);
  }
  return result.value;
}

async function endCore(coreSocket: string): Promise<void> {
  if (!existsSync(coreSocket)) {
    return;
  }
  const attached = await attach(coreSocket, 'cli', 'test');
  if ('link' in attached) {
    await attached.link.call('quit', {});
    await attached.link.ended;
  }
}

/** Looks until it is so; the error says what was waited for. */
export async function until(what: string, look: () => Promise<boolean> | boolean, deadline = 20_000): Promise<void> {
  for (const end = Date.now() + deadline; Date.now() < end; ) {
    if (await look()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come to this in ${deadline / 1000} s: ${what}`);
}
