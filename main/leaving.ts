/**
 * Leaving the app: closing the window keeps the connection where a tray shows that it is there, and is asked about once
 * where none does; quitting disconnects first and says what came of it.
 */
import { app, type BrowserWindow, dialog, Notification } from 'electron';
import type { CoreLink, Settings } from '../app/contract/index.ts';
import type { Words } from './words.ts';

export interface Leaving {
  /** For the window's close: true lets it go. */
  mayClose(window: BrowserWindow): boolean;
}

export interface LeavingOptions {
  readonly link: () => CoreLink | null;
  readonly settings: () => Settings | null;
  /** Keeps what closing shall do from now on; settles once `settings` answers it. */
  readonly remember: (closing: Settings['closing']) => Promise<void>;
  readonly words: () => Words;
  readonly hasTray: () => boolean;
  readonly isOn: () => boolean;
  /** Nothing is started any more from here on. */
  readonly ended: () => void;
}

/** How long quitting waits for the laptop to be restored, in milliseconds; the chain of processes undoes it anyway. */
const patience = 15_000;
/** And how long for the app's own link, where it leaves right after it came, in milliseconds. */
const linkPatience = 5_000;

export function createLeaving(options: LeavingOptions): Leaving {
  let stage: 'running' | 'leaving' | 'left' = 'running';
  let isAsking = false;

  app.on('before-quit', (event) => {
    if (stage === 'left') {
      return;
    }
    event.preventDefault();
    if (stage === 'running') {
      stage = 'leaving';
      void leave().finally(() => {
        stage = 'left';
        options.ended();
        app.quit();
      });
    }
  });

  /** One that leaves right after it came must not leave a connection behind because its own link was not there yet. */
  async function linkSoon(): Promise<CoreLink | null> {
    for (const until = Date.now() + linkPatience; options.link() === null && Date.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return options.link();
  }

  async function leave(): Promise<void> {
    const link = await linkSoon();
    if (link === null) {
      return;
    }
    const wasOn = options.isOn();
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), patience));
    const answer = await Promise.race([link.call('disconnect', {}), late]);
    if (wasOn && answer !== null) {
      const words = options.words();
      const left = answer.ok ? answer.value.leftOnHost : 1;
      tell(left === 0 ? words.restored : words.leftOver(left));
    }
    await Promise.race([link.call('quit', {}), link.ended, late]);
  }

  async function ask(window: BrowserWindow): Promise<void> {
    const words = options.words();
    const { response, checkboxChecked } = await dialog.showMessageBox(window, {
      type: 'question',
      message: words.closeTitle,
      detail: words.closeDetail,
      buttons: [words.keepRunning, words.quit, words.cancel],
      defaultId: 0,
      cancelId: 2,
      checkboxLabel: words.remember,
    });
    if (response === 2) {
      return;
    }
    if (checkboxChecked) {
      await options.remember(response === 0 ? 'keep' : 'quit');
    }
    if (response === 0) {
      window.hide();
    } else {
      app.quit();
    }
  }

  return {
    mayClose: (window) => {
      if (stage !== 'running') {
        return true;
      }
      const closing = options.settings()?.closing ?? 'ask';
      if (options.hasTray() || closing === 'keep') {
        window.hide();
      } else if (closing === 'quit' || !options.isOn()) {
        app.quit();
      } else if (!isAsking) {
        isAsking = true;
        void ask(window).finally(() => {
          isAsking = false;
        });
      }
      return false;
    },
  };
}

function tell(body: string): void {
  if (Notification.isSupported()) {
    new Notification({ title: 'Slipway', body, silent: true }).show();
  }
}
