/**
 * The Electron host: window, tray, menus, and the way between the window and the core. It is thin: it decides nothing
 * about connections, and everything that it shows is the core's snapshot.
 */
import { join } from 'node:path';
import { app } from 'electron';
import { type Context, type CoreLink, isOn, type Settings, type Snapshot } from '../app/contract/index.ts';
import { setAppMenu } from './app-menu.ts';
import { serveBridge } from './bridge.ts';
import { openCoreProcess } from './core-process.ts';
import { createLeaving } from './leaving.ts';
import { findLocations } from './locations.ts';
import { setStartAtLogin } from './login-item.ts';
import { createNotifications } from './notifications.ts';
import { writeClipboard } from './platform.ts';
import { declareScheme, serveWindow } from './scheme.ts';
import { hardenApp, hardenSession } from './security.ts';
import { openTray, type TrayMenu } from './tray.ts';
import { hasTrayHost } from './tray-host.ts';
import type { TrayRow } from './tray-rows.ts';
import { createAppWindow } from './window.ts';
import { windowActions } from './window-actions.ts';
import { wordsOf } from './words.ts';

declare const buildOfApp: string; // put in by scripts/build-desktop.mjs

function start(): void {
  const locations = findLocations();
  let snapshot: Snapshot | null = null;
  let settings: Settings | null = null;
  let contexts: readonly Context[] = [];
  let seen = { settings: -1, contexts: -1 };
  let tray: TrayMenu | null = null;
  let isTrayShown = false;
  let isStarted = false;

  const words = () => wordsOf(settings?.language ?? 'system', app.getLocale());
  const core = openCoreProcess({
    script: locations.core,
    node: locations.node,
    environment: process.env,
    build: buildOfApp,
  });
  const leaving = createLeaving({
    link: () => core.link(),
    settings: () => settings,
    // Taken from the answer: the next close may come before the snapshot says that settings changed.
    remember: async (closing) => {
      const answer = await core.link()?.call('changeSettings', { closing });
      settings = answer?.ok ? answer.value : settings;
    },
    words,
    hasTray: () => isTrayShown,
    isOn: () => snapshot?.connections.some((one) => isOn(one) && one.phase !== 'failed') ?? false,
    ended: () => core.close(),
  });
  const window = createAppWindow({
    preload: locations.preload,
    icon: join(locations.icons, 'slipway-256.png'),
    closing: (closing) => leaving.mayClose(closing),
  });
  const notifications = createNotifications(
    words,
    () => settings?.notifications !== false,
    () => window.show(),
  );

  serveWindow(locations.window);
  hardenSession();
  serveBridge({ coreSocket: () => core.socket(), words: () => words() });
  setAppMenu(words(), (id) => window.act(id));

  core.watch((next) => {
    snapshot = next;
    if (next !== null) {
      void refresh(next);
      notifications.hear(next);
    }
    showTray();
  });

  /** Reads again what the snapshot only counts. */
  async function refresh({ settingsRevision, contextsRevision }: Snapshot): Promise<void> {
    const before = seen;
    seen = { settings: settingsRevision, contexts: contextsRevision };
    const link = core.link();
    if (link === null || (before.settings === settingsRevision && before.contexts === contextsRevision)) {
      return;
    }
    const [gotten, listed] = await Promise.all([link.call('getSettings', {}), link.call('listContexts', {})]);
    if (gotten.ok) {
      const login = settings?.startAtLogin;
      const language = settings?.language;
      settings = gotten.value;
      if (login !== undefined && login !== settings.startAtLogin) {
        setStartAtLogin(settings.startAtLogin);
      }
      if (language !== settings.language) {
        setAppMenu(words(), (id) => window.act(id));
      }
    }
    contexts = listed.ok ? listed.value.contexts : contexts;
    showTray();
    connectAtStart(link);
  }

  /** Once, and only where nothing is on or wanted: what was on before is restored by the core itself. */
  function connectAtStart(link: CoreLink): void {
    const chosen = settings?.connectAtStart ?? null;
    if (isStarted || snapshot === null || settings === null) {
      return;
    }
    isStarted = true;
    const context = contexts.find(({ name, file }) => name === chosen?.context && file === chosen.file);
    if (context?.confirmed === true && snapshot.wanted.length === 0) {
      void link.call('connect', { context: context.name, file: context.file });
    }
  }

  function showTray(): void {
    tray?.show({ snapshot, contexts, pinned: settings?.pinnedServices ?? [] }, words());
  }

  function choose(row: TrayRow): void {
    switch (row.kind) {
      case 'connect':
      case 'disconnect':
        void core.link()?.call(row.kind, { context: row.context, file: row.file });
        break;
      case 'copy':
        void writeClipboard(row.text);
        break;
      case 'open':
        window.show();
        break;
      case 'diagnostics':
        window.act(windowActions.diagnostics);
        break;
      case 'quit':
        app.quit();
        break;
    }
  }

  tray = openTray(locations.icons, choose, () => window.show());
  showTray();
  const lookForTrayHost = () =>
    void hasTrayHost().then((isShown) => {
      isTrayShown = isShown;
    });
  lookForTrayHost();
  // A panel may come up after the app, at login above all, and may go: the window's close needs the present answer.
  app.on('browser-window-focus', lookForTrayHost);
  app.on('second-instance', () => window.show());
  app.on('activate', () => window.show());
  // The app lives on in the tray; without one, the window's close asked first.
  app.on('window-all-closed', () => {});
  if (!process.argv.includes('--hidden')) {
    window.show();
  }
}

// The core keeps its settings in a folder of the app's name: Chromium's files get one of their own.
if (!app.commandLine.hasSwitch('user-data-dir')) {
  app.setPath('userData', join(app.getPath('appData'), 'slipway-desktop'));
}
declareScheme();
hardenApp();
if (app.requestSingleInstanceLock()) {
  process.on('uncaughtException', (error) => {
    // A dialog of Electron's would wait for ever where nobody looks.
    process.stderr.write(`slipway: ${error.stack ?? error.message}\n`);
    app.exit(1);
  });
  app.whenReady().then(start, () => app.exit(1));
} else {
  app.quit();
}
