/**
 * The abilities of Electron 45, which no test can run here: stand-ins of its types show that each is used as its
 * documentation says. What the old Electron of the tests has instead is driven in tests/gui/electron.
 */
import { EventEmitter } from 'node:events';
import type { IpcMainEvent, WebContents, WebFrameMain, WindowOpenHandlerResponse } from 'electron';
import { beforeEach, describe, expect, it, vi } from 'vitest';

type Handle = Electron.Protocol['handle'];

const fake = vi.hoisted(() => ({
  handle: vi.fn(),
  writeText: vi.fn(() => Promise.resolve()),
}));

vi.mock('electron', () => {
  const electron = {
    protocol: { handle: fake.handle },
    clipboard: { writeText: fake.writeText },
  };
  return { ...electron, default: electron };
});

const { refuseNewWindows, senderAddress, serveScheme, whenPageCrashes, windowPreferences, writeClipboard } =
  await import('./platform.ts');

const frame = (url: string) => ({ url }) as WebFrameMain;

function eventFrom(senderFrame: WebFrameMain | null, mainFrame: WebFrameMain, isGone = false): IpcMainEvent {
  const sender = { mainFrame, isDestroyed: () => isGone } as WebContents;
  return { senderFrame, sender } as unknown as IpcMainEvent;
}

describe('the abilities of Electron 45', () => {
  beforeEach(() => vi.clearAllMocks());

  it('takes messages of the main frame alone', () => {
    const main = frame('slipway://window/');
    expect(senderAddress(eventFrom(main, main))).toBe('slipway://window/');
    expect(senderAddress(eventFrom(frame('slipway://window/'), main))).toBeNull();
    expect(senderAddress(eventFrom(null, main))).toBeNull(); // it navigated
    expect(senderAddress(eventFrom(main, main, true))).toBeNull(); // its window was closed meanwhile
  });

  it('denies every new window', () => {
    let decide: ((details: { url: string }) => WindowOpenHandlerResponse) | undefined;
    const contents = {
      setWindowOpenHandler: (handler: typeof decide) => {
        decide = handler;
      },
    } as unknown as WebContents;
    const wanted: string[] = [];
    refuseNewWindows(contents, (url) => wanted.push(url));
    for (const url of ['https://example.com/', 'slipway://window/', 'file:///etc/passwd', 'about:blank']) {
      expect(decide?.({ url })).toEqual({ action: 'deny' });
    }
    expect(wanted).toHaveLength(4);
  });

  it('answers for its scheme with headers and body', async () => {
    serveScheme('slipway', (url) => ({
      status: url.endsWith('/') ? 200 : 404,
      headers: { 'content-type': 'text/html', 'content-security-policy': "default-src 'none'" },
      body: Buffer.from('<p>'),
    }));
    const [scheme, answer] = fake.handle.mock.calls[0] as Parameters<Handle>;
    expect(scheme).toBe('slipway');
    const found = await answer({ url: 'slipway://window/' } as Parameters<typeof answer>[0]);
    expect(found.status).toBe(200);
    expect(found.headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(await found.text()).toBe('<p>');
    expect((await answer({ url: 'slipway://window/x' } as Parameters<typeof answer>[0])).status).toBe(404);
  });

  it('hears that a page died, and not that it ended', () => {
    const contents = new EventEmitter();
    const crashed = vi.fn();
    whenPageCrashes(contents as unknown as WebContents, crashed);
    contents.emit('render-process-gone', {}, { reason: 'clean-exit', exitCode: 0 });
    expect(crashed).not.toHaveBeenCalled();
    contents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 1 });
    expect(crashed).toHaveBeenCalledOnce();
  });

  it('says every preference of a window', () => {
    expect(windowPreferences('/preload.cjs')).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      devTools: false,
    });
  });

  it('waits for the clipboard', async () => {
    await writeClipboard('orders');
    expect(fake.writeText).toHaveBeenCalledWith('orders');
  });
});
