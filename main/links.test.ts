import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebContents } from 'electron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channels } from './channels.ts';
import { type Links, openLinks } from './links.ts';

interface Told {
  readonly channel: string;
  readonly values: readonly unknown[];
}

class Page extends EventEmitter {
  readonly told: Told[] = [];
  isGone = false;

  isDestroyed(): boolean {
    return this.isGone;
  }

  send(channel: string, ...values: unknown[]): void {
    if (this.isGone) {
      throw new TypeError('Object has been destroyed');
    }
    this.told.push({ channel, values });
  }
}

/** As much of Electron's contents as links need. */
const page = () => new Page() as unknown as Page & WebContents;

describe('the links of a window', () => {
  let folder = '';
  let core: Server;
  let ends: Socket[] = [];
  let path = '';
  let links: Links;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-links-'));
    path = join(folder, 'core.sock');
    ends = [];
    core = createServer((socket) => {
      ends.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(`heard ${chunk}`));
    });
    await new Promise<void>((resolve) => core.listen(path, resolve));
    links = openLinks(async () => path);
  });
  afterEach(() => {
    for (const end of ends) {
      end.destroy();
    }
    core.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const opened = async (sender: Page & WebContents, id = 1) => {
    links.open(sender, id);
    await expect
      .poll(() => sender.told.some(({ channel, values }) => channel === channels.linkOpened && values[0] === id))
      .toBe(true);
  };

  it('carry whole lines both ways, and tell the end', async () => {
    const sender = page();
    await opened(sender);
    links.send(sender, 1, 'one');
    await expect.poll(() => sender.told.at(-1)?.values).toEqual([1, 'heard one']);
    ends[0]?.destroy();
    await expect.poll(() => sender.told.at(-1)?.channel).toBe(channels.linkClosed);
  });

  it('end silently when their page goes, so that the next page hears nothing of them', async () => {
    const sender = page();
    await opened(sender);
    sender.emit('did-navigate');
    await expect.poll(() => ends[0]?.destroyed).toBe(true);
    sender.told.length = 0;
    await opened(sender); // the next page counts from one again
    links.send(sender, 1, 'x');
    await expect.poll(() => sender.told.at(-1)?.values).toEqual([1, 'heard x']);
    expect(sender.told.map(({ channel }) => channel)).not.toContain(channels.linkClosed);
  });

  it('may be closed before the core is there', async () => {
    let found: (path: string) => void = () => {};
    links = openLinks(
      () =>
        new Promise((resolve) => {
          found = resolve;
        }),
    );
    const sender = page();
    links.open(sender, 1);
    links.close(sender, 1);
    found(path);
    await expect.poll(() => sender.told).toEqual([{ channel: channels.linkClosed, values: [1, 'it was closed'] }]);
    expect(ends).toEqual([]);
  });

  it('tell a destroyed window nothing', async () => {
    const sender = page();
    await opened(sender);
    sender.isGone = true;
    ends[0]?.write('late\n');
    ends[0]?.end();
    await expect.poll(() => ends[0]?.destroyed).toBe(true);
    sender.emit('did-navigate');
  });

  it('are a few, and one window’s are not another’s', async () => {
    const [first, second] = [page(), page()];
    for (let id = 1; id <= 9; id += 1) {
      links.open(first, id);
    }
    await expect.poll(() => first.told.length).toBe(8);
    expect(ends.length).toBe(8);
    await opened(second);
    first.emit('destroyed');
    links.send(second, 1, 'still here');
    await expect.poll(() => second.told.at(-1)?.values).toEqual([1, 'heard still here']);
  });

  it('end on a line that is too long to be one', async () => {
    const sender = page();
    await opened(sender);
    ends[0]?.write('x'.repeat((16 << 20) + 2));
    await expect
      .poll(() => sender.told.at(-1), { timeout: 5000 })
      .toEqual({
        channel: channels.linkClosed,
        values: [1, 'a line of the core was too long'],
      });
  });

  it('say why where no core can be had', async () => {
    links = openLinks(() => Promise.reject(new Error('no core here')));
    const sender = page();
    links.open(sender, 1);
    await expect.poll(() => sender.told).toEqual([{ channel: channels.linkClosed, values: [1, 'no core here'] }]);
  });
});
