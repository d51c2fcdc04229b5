/**
 * What Electron's preload puts on `window.slipway`. Values and functions only: it crosses contextBridge. Lines are the
 * documents of transport.ts; everything that the window asks of its host is checked again on the other side.
 */

/** One link to the core. `open` may be called again after `closed` was heard. */
export interface BridgeLink {
  send(line: string): void;
  close(): void;
}

export interface WindowBridge {
  readonly platform: 'linux' | 'darwin' | 'win32';
  /** `onLine` hears one JSON document of the core at a time; `onClosed` hears once that the link ended, with why. */
  openLink(onLine: (line: string) => void, onClosed: (why: string) => void): BridgeLink;
  /** http and https only; false where the host refused. */
  openExternal(url: string): Promise<boolean>;
  copyText(text: string): Promise<void>;
  /** Absolute paths; empty where the user chose none. */
  pickKubeconfigs(): Promise<string[]>;
  /** The path of a File that was dropped or chosen; empty where it has none. */
  pathOfFile(file: unknown): string;
  /** Where to write the report; empty where the user chose nothing. */
  pickReportPath(suggestedName: string): Promise<string>;
  /** Colours of what the system draws around the window. */
  setTheme(theme: 'system' | 'light' | 'dark'): void;
  /** Names of actions (renderer/actions) that the menu or the tray asks for. Returns what ends the listening. */
  onAction(listener: (id: string) => void): () => void;
}
