/**
 * The host's end of the preload's bridge: links to the core for the window, and the few abilities that a page must not
 * have itself. Each message is taken only from the main frame of our own page, and its contents are checked again here.
 */
import {
  BrowserWindow,
  dialog,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  ipcMain,
  nativeTheme,
  shell,
} from 'electron';
import { largestLine } from '../app/hosts/lines.ts';
import { externalAddress, isWindowAddress } from './addresses.ts';
import { channels } from './channels.ts';
import { openLinks } from './links.ts';
import { senderAddress, writeClipboard } from './platform.ts';
import type { Words } from './words.ts';

export interface BridgeOptions {
  /** The core's socket, once a core serves there; rejects where none could be started. */
  readonly coreSocket: () => Promise<string>;
  readonly words: () => Words;
}

const longestText = 1 << 20;
const longestDetail = 400;

/** Serves the bridge for all windows. */
export function serveBridge(options: BridgeOptions): void {
  const links = openLinks(options.coreSocket);

  const on = (channel: string, hear: (event: IpcMainEvent, ...values: unknown[]) => void) =>
    ipcMain.on(channel, (event, ...values) => {
      if (isWindowAddress(senderAddress(event))) {
        hear(event, ...values);
      }
    });
  const handle = (channel: string, answer: (event: IpcMainInvokeEvent, value: unknown) => Promise<unknown>) =>
    ipcMain.handle(channel, (event, value: unknown) => {
      if (!isWindowAddress(senderAddress(event))) {
        throw new Error('refused');
      }
      return answer(event, value);
    });

  on(channels.openLink, ({ sender }, id) => {
    if (typeof id === 'number') {
      links.open(sender, id);
    }
  });
  on(channels.sendLine, ({ sender }, id, line) => {
    if (typeof id === 'number' && typeof line === 'string' && line.length < largestLine && !line.includes('\n')) {
      links.send(sender, id, line);
    }
  });
  on(channels.closeLink, ({ sender }, id) => {
    if (typeof id === 'number') {
      links.close(sender, id);
    }
  });
  on(channels.setTheme, (_event, theme) => {
    if (theme === 'system' || theme === 'light' || theme === 'dark') {
      nativeTheme.themeSource = theme;
    }
  });

  handle(channels.openExternal, async (event, url) => {
    const address = externalAddress(url);
    if (address === null) {
      return false;
    }
    const parent = BrowserWindow.fromWebContents(event.sender);
    const words = options.words();
    const question = {
      type: 'question' as const,
      message: words.openTitle(address.host),
      // The host is in the message, as ASCII (URL Standard, host serializing); a long rest must not push the buttons away.
      detail: address.href.length > longestDetail ? `${address.href.slice(0, longestDetail)}…` : address.href,
      buttons: [words.openInBrowser, words.cancel],
      defaultId: 0,
      cancelId: 1,
    };
    const { response } = await (parent === null
      ? dialog.showMessageBox(question)
      : dialog.showMessageBox(parent, question));
    if (response === 0) {
      await shell.openExternal(address.href);
    }
    return response === 0;
  });
  handle(channels.copyText, async (_event, text) => {
    if (typeof text === 'string' && text.length <= longestText) {
      await writeClipboard(text);
    }
  });
  handle(channels.pickKubeconfigs, async (event) => {
    const options_: Electron.OpenDialogOptions = { properties: ['openFile', 'multiSelections', 'showHiddenFiles'] };
    const parent = BrowserWindow.fromWebContents(event.sender);
    const chosen = await (parent === null ? dialog.showOpenDialog(options_) : dialog.showOpenDialog(parent, options_));
    return chosen.canceled ? [] : chosen.filePaths;
  });
  handle(channels.pickReportPath, async (event, name) => {
    const suggested = typeof name === 'string' ? name.replace(/[^\w.-]/g, '').slice(-100) : 'slipway-report.zip';
    const options_: Electron.SaveDialogOptions = {
      defaultPath: suggested,
      filters: [{ name: 'zip', extensions: ['zip'] }],
    };
    const parent = BrowserWindow.fromWebContents(event.sender);
    const chosen = await (parent === null ? dialog.showSaveDialog(options_) : dialog.showSaveDialog(parent, options_));
    return chosen.canceled ? '' : (chosen.filePath ?? '');
  });
}
