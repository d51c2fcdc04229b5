/**
 * What differs between Electron versions, in one file: each ability is looked for where it is used. The product ships
 * Electron 45; the tests drive an old Electron 9 too (docs/adr/0015-electron.md), which lacks protocol.handle, sender
 * frames and window-open handlers.
 */
import electron, {
  type BrowserWindowConstructorOptions,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  type WebContents,
} from 'electron';

/** Present in every version at run time; absent ones are undefined, which their types do not say. */
type Maybe<Value> = Value | undefined;
type OldContents = WebContents & {
  on(event: 'new-window', listener: (event: { preventDefault(): void }, url: string) => void): void;
  on(event: 'crashed', listener: () => void): void;
};
type OldProtocol = {
  registerBufferProtocol(
    scheme: string,
    handler: (request: { url: string }, answer: (response: BufferAnswer | { error: number }) => void) => void,
  ): void;
};
interface BufferAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly mimeType: string;
  readonly data: Buffer;
}

/** One file as a scheme of ours answers it. */
export interface SchemeAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Serves a scheme; `answer` gets the whole address. */
export function serveScheme(scheme: string, answer: (url: string) => SchemeAnswer): void {
  const { protocol } = electron;
  if (typeof (protocol as { handle?: unknown }).handle === 'function') {
    protocol.handle(scheme, ({ url }) => {
      const { status, headers, body } = answer(url);
      return new Response(new Uint8Array(body), { status, headers });
    });
    return;
  }
  (protocol as unknown as OldProtocol).registerBufferProtocol(scheme, ({ url }, settle) => {
    const { status, headers, body } = answer(url);
    const mimeType = (headers['content-type'] ?? 'application/octet-stream').split(';')[0] ?? '';
    settle({ statusCode: status, headers, mimeType, data: body });
  });
}

/**
 * The address of the frame that sent a message; null where it is not the main frame of its window, or gone. Checked on
 * every message (Electron security checklist, item 17).
 */
export function senderAddress(event: IpcMainEvent | IpcMainInvokeEvent): string | null {
  if (event.sender.isDestroyed()) {
    return null;
  }
  const frame = (event as { senderFrame?: Maybe<Electron.WebFrameMain | null> }).senderFrame;
  if (frame !== undefined) {
    return frame !== null && frame === event.sender.mainFrame ? frame.url : null;
  }
  return event.sender.getURL();
}

/** Refuses every window that a page wants to open; `wanted` hears its address. */
export function refuseNewWindows(contents: WebContents, wanted: (url: string) => void): void {
  if (typeof (contents as { setWindowOpenHandler?: unknown }).setWindowOpenHandler === 'function') {
    contents.setWindowOpenHandler(({ url }) => {
      wanted(url);
      return { action: 'deny' };
    });
    return;
  }
  (contents as OldContents).on('new-window', (event, url) => {
    event.preventDefault();
    wanted(url);
  });
}

/** The preferences of every window, said in full: versions differ in what they take where nothing is said. */
export function windowPreferences(preload: string): NonNullable<BrowserWindowConstructorOptions['webPreferences']> {
  const old = { enableRemoteModule: false, nativeWindowOpen: true };
  return {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    spellcheck: false,
    navigateOnDragDrop: false,
    devTools: process.env.SLIPWAY_DEVELOP === '1',
    ...old,
  };
}

/** Hears that a page's process is gone, but for its ordinary end. */
export function whenPageCrashes(contents: WebContents, crashed: () => void): void {
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') {
      crashed();
    }
  });
  // Electron before 11 says it by another name, and never by this one as well.
  (contents as OldContents).on('crashed', crashed);
}

/** Answers at once in old versions and later in new ones. */
export async function writeClipboard(text: string): Promise<void> {
  await electron.clipboard.writeText(text);
}
