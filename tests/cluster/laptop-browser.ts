/**
 * The window as a user of a laptop has it: `slipway start` there, and the system's Chromium in the laptop's own
 * namespaces, entered by the file that the product names. The browser is driven through a pipe, so nothing of the
 * driving goes through the laptop's network.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Scene } from './scene.ts';
import { Terminal } from './terminal.ts';

const root = join(import.meta.dirname, '../..');
const program = process.env.SLIPWAY_TEST_BROWSER ?? '/usr/bin/chromium';

/** False where tests with a browser cannot run; `npm test` installs it where it may. */
export const hasBrowser = existsSync(program);

export interface LaptopWindow {
  readonly page: Page;
  /** The window's errors and those of its page's policy. */
  readonly complaints: readonly string[];
  clipboard(): Promise<string>;
  /** Ctrl-C where it was started, which disconnects. Answers the exit code. */
  interrupt(): Promise<number>;
  close(): Promise<void>;
}

export async function openLaptopWindow(scene: Scene, args: readonly string[]): Promise<LaptopWindow> {
  execFileSync(process.execPath, [join(root, 'scripts/build-window.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const slipway = join(root, 'app/hosts/cli/slipway.mjs');
  const terminal = new Terminal(scene.product.place, [process.execPath, slipway, 'start', ...args]);
  if (!(await terminal.says(/^ +\/\S+\.html$/m, 30_000))) {
    throw new Error(`no window was offered: ${terminal.stdout}\n${terminal.stderr}`);
  }
  const [file = ''] = /\/\S+\.html/.exec(`${terminal.stdout}\n${terminal.stderr}`) ?? [];
  const browser = await openLaptopBrowser(scene);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  await page.goto(pathToFileURL(file).href);
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const { origin } = new URL(page.url());
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  return {
    page,
    complaints,
    clipboard: () => page.evaluate('navigator.clipboard.readText()') as Promise<string>,
    interrupt: () => terminal.interrupt(),
    close: async () => {
      await browser.close();
      terminal.kill();
    },
  };
}

/** Chromium behind the laptop's `enter`: the wrapper keeps the pipe's file descriptors. */
function openLaptopBrowser(scene: Scene): Promise<Browser> {
  const wrapper = join(scene.product.folder, 'chromium-in-laptop');
  const quoted = [...scene.laptop.enter, program].map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(wrapper, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(wrapper, 0o700);
  return chromium.launch({ executablePath: wrapper, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
