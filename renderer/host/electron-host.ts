/** The host where Electron carries the window: everything goes through the preload's bridge. */
import type { WindowBridge } from '../../app/contract/index.ts';
import { type HostAbilities, webAddress } from './host.ts';
import { lineLink } from './line-link.ts';

declare global {
  interface Window {
    /** There where the preload of main/ ran. */
    readonly slipway?: WindowBridge;
  }
}

export function electronHost(bridge: WindowBridge): HostAbilities {
  return {
    kind: 'electron',
    platform: bridge.platform,
    link: lineLink(({ onOpen, onLine, onClosed }) => {
      const link = bridge.openLink(onLine, onClosed);
      // The bridge takes lines from the start; the caller must have the pipe before it is told so.
      queueMicrotask(onOpen);
      return link;
    }),
    openExternal: async (url) => {
      const address = webAddress(url);
      return address !== null && (await bridge.openExternal(address));
    },
    copyText: async (text) => {
      try {
        await bridge.copyText(text);
        return true;
      } catch {
        return false;
      }
    },
    pickKubeconfigs: () => bridge.pickKubeconfigs(),
    pathOfFile: (file) => bridge.pathOfFile(file) || null,
    pickReportPath: async (suggestedName) => (await bridge.pickReportPath(suggestedName)) || null,
    setTheme: (theme) => bridge.setTheme(theme),
    onAction: (listener) => bridge.onAction(listener),
  };
}
