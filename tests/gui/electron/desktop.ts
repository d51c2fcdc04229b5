/** A desktop for the test Electron: an X server, a session bus, a window manager and a tray, each a process of ours. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownBusName } from './bus-name.ts';

export interface Desktop {
  /** What a program on it needs: display, bus, folders of its own. */
  readonly environment: Record<string, string>;
  /** A folder that goes away with the desktop. */
  readonly folder: string;
  /** Runs a program of X on it; answers what it printed. */
  x(program: string, ...words: string[]): string;
  /** Makes the bus say that a tray host is there, or no longer. */
  setTrayHost(isThere: boolean): Promise<void>;
  close(): Promise<void>;
}

/** The first line that a program prints on a descriptor. */
function firstLine(child: ChildProcess, stream: number, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const deadline = setTimeout(() => reject(new Error(`${what} did not come up: ${heard}`)), 30_000);
    child.once('error', reject);
    (child.stdio[stream] as NodeJS.ReadableStream | null)?.on('data', (part) => {
      heard += String(part);
      if (heard.includes('\n')) {
        clearTimeout(deadline);
        resolve(heard.trim());
      }
    });
  });
}

export async function openDesktop(): Promise<Desktop> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-desktop-'));
  const children: ChildProcess[] = [];
  const begin = (program: string, words: string[], environment: NodeJS.ProcessEnv, stdio: ('ignore' | 'pipe')[]) => {
    const child = spawn(program, words, { env: environment, stdio });
    child.on('error', () => {});
    children.push(child);
    return child;
  };
  const server = begin('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'], process.env, [
    'ignore',
    'ignore',
    'ignore',
    'pipe',
  ]);
  const display = `:${await firstLine(server, 3, 'Xvfb')}`;
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    DISPLAY: display,
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const daemon = begin('dbus-daemon', ['--session', '--nofork', '--print-address'], environment, [
    'ignore',
    'pipe',
    'ignore',
  ]);
  environment.DBUS_SESSION_BUS_ADDRESS = await firstLine(daemon, 1, 'dbus-daemon');
  begin('openbox', [], environment, ['ignore', 'ignore', 'ignore']);
  begin('trayer', ['--edge', 'top', '--align', 'right', '--widthtype', 'request', '--height', '24'], environment, [
    'ignore',
    'ignore',
    'ignore',
  ]);
  let host: { release(): void } | null = null;

  return {
    environment,
    folder,
    x: (program, ...words) => execFileSync(program, words, { env: environment, encoding: 'utf8', timeout: 20_000 }),
    setTrayHost: async (isThere) => {
      host?.release();
      host = isThere
        ? await ownBusName(environment.DBUS_SESSION_BUS_ADDRESS ?? '', 'org.kde.StatusNotifierWatcher')
        : null;
    },
    close: async () => {
      host?.release();
      for (const child of children.reverse()) {
        const ended = new Promise((resolve) => child.once('close', resolve));
        if (child.exitCode === null && child.signalCode === null && child.kill()) {
          await ended;
        }
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
