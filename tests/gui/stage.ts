/**
 * A stage of a test: a fake core, the real web host in front of it, and a page of the system's Chromium that entered by
 * the redirect file as a user's browser does. Whatever goes wrong in the page is written down, and `close` fails for it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Settings } from '../../app/contract/index.ts';
import type { Scenario } from '../../app/fakes/scenarios.ts';
import { type RunningWindow, showInBrowser } from '../../app/hosts/web/run.ts';
import { FakeCore } from './fake-core.ts';
import { browserProgram, windowFolder } from './gui-options.ts';

/** How long a page may take for what a user would wait for, in milliseconds: the machine of a test may be busy. */
export const patience = 60_000;

export interface StageOptions {
  readonly context?: BrowserContextOptions;
  /** What the page may complain about, because the test brings it about. */
  readonly expected?: RegExp;
  readonly settings?: Partial<Settings>;
  readonly beforePage?: (context: BrowserContext) => Promise<unknown>;
  /** The page need not have what it shows. */
  readonly isWaiting?: boolean;
}

export interface Stage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly core: FakeCore;
  readonly host: RunningWindow;
  readonly origin: string;
  readonly folder: string;
  /** What went wrong in the page until now: errors, console errors, requests to elsewhere, dialogs. */
  readonly complaints: readonly string[];
  /** What was last copied. */
  clipboard(): Promise<string>;
  change(settings: Partial<Settings>): Promise<void>;
  /** Ends everything; fails where the page complained. */
  close(): Promise<void>;
}

export function openBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: browserProgram,
    // Tests run as root in containers, where Chromium's own sandbox cannot be made.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', ...args],
  });
}

export async function setStage(
  browser: Browser,
  scenarios: readonly Scenario[],
  options: StageOptions = {},
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-gui-'));
  const core = new FakeCore(folder, scenarios);
  await core.start();
  if (options.settings !== undefined) {
    await core.call('changeSettings', options.settings);
  }
  const host = await showInBrowser({
    coreSocket: core.socket,
    windowFolder,
    runtimeFolder: join(folder, 'runtime'),
    environment: {},
  });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    colorScheme: 'dark',
    ...options.context,
  });
  context.setDefaultTimeout(patience);
  await options.beforePage?.(context);
  const complaints: string[] = [];
  const page = await context.newPage();
  hearComplaints(context, page, complaints, options.expected);
  await page.goto(pathToFileURL(host.file).href);
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const { origin } = new URL(page.url());
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  await page
    .locator(options.isWaiting === true ? 'main' : 'main:not([aria-busy="true"])')
    .first()
    .waitFor();
  return {
    page,
    context,
    core,
    host,
    origin,
    folder,
    complaints,
    clipboard: () => page.evaluate('navigator.clipboard.readText()') as Promise<string>,
    change: async (settings) => {
      await core.call('changeSettings', settings);
    },
    close: async () => {
      await context.close();
      await host.close();
      await core.stop();
      rmSync(folder, { recursive: true, force: true });
      if (complaints.length > 0) {
        throw new Error(`the page complained:\n${complaints.join('\n')}`);
      }
    },
  };
}

function hearComplaints(context: BrowserContext, page: Page, complaints: string[], expected: RegExp | undefined): void {
  const complain = (text: string) => {
    if (expected === undefined || !expected.test(text)) {
      complaints.push(text);
    }
  };
  page.on('pageerror', (error) => complain(`error: ${error.stack ?? error.message}`));
  // A refusal by the page's policy (CSP) is a console error too.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complain(`console: ${message.text()}`);
    }
  });
  page.on('dialog', (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(http:\/\/127\.0\.0\.1:\d+\/|file:\/\/|data:|blob:)/.test(url)) {
      complain(`request: ${url}`);
    }
  });
}
