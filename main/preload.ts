/**
 * The preload: puts the bridge of the contract on `window.slipway` and nothing else. No event object and no ipcRenderer
 * reaches the page (Electron security checklist, item 20). Bundled into one file, as a sandboxed preload must be.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { WindowBridge } from '../app/contract/window-bridge.ts';
import { channels } from './channels.ts';

interface Listeners {
  readonly onLine: (line: string) => void;
  readonly onClosed: (why: string) => void;
  opened: boolean;
  /** Said before the socket was there. */
  waiting: string[];
}

const links = new Map<number, Listeners>();
let nextId = 1;

ipcRenderer.on(channels.linkOpened, (_event, id: number) => {
  const link = links.get(id);
  if (link !== undefined) {
    link.opened = true;
    for (const line of link.waiting.splice(0)) {
      ipcRenderer.send(channels.sendLine, id, line);
    }
  }
});
ipcRenderer.on(channels.line, (_event, id: number, line: string) => links.get(id)?.onLine(line));
ipcRenderer.on(channels.linkClosed, (_event, id: number, why: string) => {
  const link = links.get(id);
  links.delete(id);
  link?.onClosed(why);
});

const bridge: WindowBridge = {
  platform: process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux',
  openLink: (onLine, onClosed) => {
    const id = nextId++;
    links.set(id, { onLine, onClosed, opened: false, waiting: [] });
    ipcRenderer.send(channels.openLink, id);
    return {
      send: (line) => {
        const link = links.get(id);
        if (link?.opened === true) {
          ipcRenderer.send(channels.sendLine, id, line);
        } else {
          link?.waiting.push(line);
        }
      },
      close: () => ipcRenderer.send(channels.closeLink, id),
    };
  },
  openExternal: (url) => ipcRenderer.invoke(channels.openExternal, url),
  copyText: (text) => ipcRenderer.invoke(channels.copyText, text),
  pickKubeconfigs: () => ipcRenderer.invoke(channels.pickKubeconfigs),
  pathOfFile: (file) => {
    const tools = webUtils as typeof webUtils | undefined;
    return tools === undefined ? ((file as { path?: string }).path ?? '') : tools.getPathForFile(file as File);
  },
  pickReportPath: (suggestedName) => ipcRenderer.invoke(channels.pickReportPath, suggestedName),
  setTheme: (theme) => ipcRenderer.send(channels.setTheme, theme),
  onAction: (listener) => {
    const hear = (_event: unknown, id: string) => listener(id);
    ipcRenderer.on(channels.action, hear);
    return () => {
      ipcRenderer.removeListener(channels.action, hear);
    };
  },
};

contextBridge.exposeInMainWorld('slipway', bridge);
