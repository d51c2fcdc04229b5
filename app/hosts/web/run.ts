/**
 * Shows the window in a browser: opens the web host, hands its code over in a file of the user's and asks the desktop to
 * open that file. Also the way in where there is no Electron.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../adapters/storage/folders.ts';
import { type RedirectFile, writeRedirectFile } from './redirect-file.ts';
import { readStaticFiles } from './static-files.ts';
import { openWebHost } from './web-host.ts';

export interface RunningWindow {
  /** The file to open in a browser; good for one entry, two minutes long. */
  readonly file: string;
  /** True where a browser was asked to open it. */
  readonly opened: boolean;
  /** A fresh file for another browser or after the first code ran out. */
  renew(): string;
  close(): Promise<void>;
}

export interface RunningWindowOptions {
  readonly coreSocket: string;
  /** Where the window was built. */
  readonly windowFolder: string;
  /** The user's runtime folder (0700). */
  readonly runtimeFolder: string;
  readonly environment: Environment;
}

export async function showInBrowser(options: RunningWindowOptions): Promise<RunningWindow> {
  let handed: RedirectFile | null = null;
  const host = await openWebHost({
    files: readStaticFiles(options.windowFolder),
    coreSocket: options.coreSocket,
    entered: () => {
      handed?.remove();
      handed = null;
    },
  });
  const renew = () => {
    handed = writeRedirectFile(join(options.runtimeFolder, 'web'), host.origin, host.issueCode());
    return handed.path;
  };
  const file = renew();
  return {
    file,
    opened: openInBrowser(file, options.environment),
    renew,
    close: async () => {
      handed?.remove();
      await host.close();
    },
  };
}

/** Whether a window could be seen here at all. */
export function hasDisplay(environment: Environment, platform: NodeJS.Platform = process.platform): boolean {
  return platform !== 'linux' || Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}

/** False where there is no display or nothing that opens files. The file's name holds no secret. */
function openInBrowser(file: string, environment: Environment): boolean {
  if (!hasDisplay(environment)) {
    return false;
  }
  const opener =
    process.platform === 'darwin'
      ? 'open'
      : process.platform === 'win32'
        ? 'explorer'
        : ['xdg-open', 'x-www-browser', 'firefox', 'chromium', 'google-chrome'].find((name) =>
            isOnPath(name, environment),
          );
  if (opener === undefined) {
    return false;
  }
  const child = spawn(opener, [file], { detached: true, stdio: 'ignore', env: { ...environment } });
  child.on('error', () => {});
  child.unref();
  return true;
}

function isOnPath(name: string, environment: Environment): boolean {
  return (environment.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
