/** The one window: made when it is needed, shown when it has something to show, back where it was. */
import { join } from 'node:path';
import { app, BrowserWindow, screen } from 'electron';
import { pageAddress } from './addresses.ts';
import { channels } from './channels.ts';
import { whenPageCrashes, windowPreferences } from './platform.ts';
import { fittingBounds, readWindowState, smallest, writeWindowState } from './window-state.ts';

/** A page that dies more often than so many times in so many milliseconds is left as it is. */
const mostCrashes = 3;
const crashMemory = 60_000;

export interface AppWindow {
  show(): void;
  hide(): void;
  isOpen(): boolean;
  browserWindow(): BrowserWindow | null;
  /** Asks the window for an action; opens it first where it is closed. */
  act(id: string): void;
}

export interface AppWindowOptions {
  readonly preload: string;
  readonly icon: string;
  /** The user closes the window; true lets it go. */
  readonly closing: (window: BrowserWindow) => boolean;
}

export function createAppWindow(options: AppWindowOptions): AppWindow {
  const stateFile = join(app.getPath('userData'), 'window.json');
  let current: BrowserWindow | null = null;
  let isLoaded = false;
  let waiting: string[] = [];
  let crashes: number[] = [];

  function open(): BrowserWindow {
    const kept = readWindowState(stateFile);
    const displays = screen.getAllDisplays().map(({ workArea }) => workArea);
    const window = new BrowserWindow({
      ...fittingBounds(kept.bounds, displays),
      minWidth: smallest.width,
      minHeight: smallest.height,
      show: false,
      title: 'Slipway',
      icon: options.icon,
      backgroundColor: '#0c1216',
      autoHideMenuBar: true,
      webPreferences: windowPreferences(options.preload),
    });
    current = window;
    isLoaded = false;
    if (kept.isMaximized) {
      window.maximize();
    }
    window.once('ready-to-show', () => window.show());
    window.on('close', (event) => {
      writeWindowState(stateFile, { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() });
      if (!options.closing(window)) {
        event.preventDefault();
      }
    });
    window.on('closed', () => {
      current = null;
    });
    window.webContents.on('did-finish-load', () => {
      isLoaded = true;
      for (const id of waiting.splice(0)) {
        window.webContents.send(channels.action, id);
      }
    });
    // The connection is the core's: a page that died is shown again, but not for ever.
    whenPageCrashes(window.webContents, () => {
      const now = Date.now();
      crashes = [...crashes.filter((at) => now - at < crashMemory), now];
      isLoaded = false;
      if (crashes.length <= mostCrashes) {
        // Not while Electron still takes the dead page apart.
        setTimeout(() => (window.isDestroyed() ? undefined : load(window)), 100);
      }
    });
    load(window);
    return window;
  }

  function load(window: BrowserWindow): void {
    window.loadURL(pageAddress).catch(() => {
      // closed or loaded again meanwhile
    });
  }

  function show(): void {
    const window = current ?? open();
    if (window.isMinimized()) {
      window.restore();
    }
    if (isLoaded) {
      window.show();
      window.focus();
    }
  }

  return {
    show,
    hide: () => current?.hide(),
    isOpen: () => current !== null,
    browserWindow: () => current,
    act: (id) => {
      show();
      if (isLoaded) {
        current?.webContents.send(channels.action, id);
      } else {
        waiting = [...waiting, id];
      }
    },
  };
}
