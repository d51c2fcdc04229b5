/**
 * The host's end of the preload's bridge: links to the core for the window, and the few abilities that a page must not
 * have itself. Each message is taken only from the main frame of our own page, and its contents are checked again here.
 */
import { connect, type Socket } from 'node:net';
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
import { senderAddress, writeClipboard } from './platform.ts';

import type { Words } from './words.ts';

export interface BridgeOptions {
  /** The core's socket, once a core serves there; rejects where none could be started. */
  readonly coreSocket: () => Promise<string>;
  readonly words: () => Words;
}

const longestText = 1 << 20;

/** Serves the bridge for all windows. */
export function serveBridge(options: BridgeOptions): void {
  const links = new Map<string, Socket>();

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

  on(channels.openLink, (event, id) => {
    if (typeof id !== 'number') {
      return;
    }
    const { sender } = event;
    const key = `${sender.id} ${id}`;
    const tell = (channel: string, ...values: unknown[]) => {
      if (!sender.isDestroyed()) {
        sender.send(channel, id, ...values);
      }
    };
    options.coreSocket().then(
      (path) => {
        const socket = connect(path);
        links.set(key, socket);
        sender.once('destroyed', () => socket.destroy());
        carryLines(socket, (line) => tell(channels.line, line));
        let because = 'the core ended';
        socket.on('error', (error) => {
          because = error.message;
        });
        socket.on('connect', () => tell(channels.linkOpened));
        socket.on('close', () => {
          links.delete(key);
          tell(channels.linkClosed, because);
        });
      },
      (error: unknown) => tell(channels.linkClosed, error instanceof Error ? error.message : 'no core'),
    );
  });
  on(channels.sendLine, (event, id, line) => {
    const socket = links.get(`${event.sender.id} ${String(id)}`);
    if (socket !== undefined && typeof line === 'string' && line.length < largestLine && !line.includes('\n')) {
      socket.write(`${line}\n`);
    }
  });
  on(channels.closeLink, (event, id) => links.get(`${event.sender.id} ${String(id)}`)?.destroy());
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
      detail: address.href,
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
    const suggested = typeof name === 'string' ? name.replace(/[^\w.-]/g, '') : 'slipway-report.zip';
    const options_: Electron.SaveDialogOptions = {
      defaultPath: suggested,
      filters: [{ name: 'zip', extensions: ['zip'] }],
    };
    const parent = BrowserWindow.fromWebContents(event.sender);
    const chosen = await (parent === null ? dialog.showSaveDialog(options_) : dialog.showSaveDialog(parent, options_));
    return chosen.canceled ? '' : (chosen.filePath ?? '');
  });
}

/** Calls with each line of a socket. */
export function carryLines(socket: Socket, heard: (line: string) => void): void {
  let pending: string[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    const parts = String(text).split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      heard(pending.join('') + part);
      pending = [];
    }
    if (rest !== '') {
      pending.push(rest);
    }
  });
}
