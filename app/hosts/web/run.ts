/**
 * Shows the window in a browser: opens the web host, hands its code over in a file of the user's and asks the desktop to
 * open that file. Also the way in where there is no Electron.
 */
import { join } from 'node:path';
import type { Environment } from '../../adapters/storage/folders.ts';
import { browserFor, openBrowser, personBehindRoot, thisDesktop } from './browser.ts';
import { isOwnPeer } from './peer.ts';
import { type RedirectFile, redirectFileName, writeRedirectFile } from './redirect-file.ts';
import { makeSharedFolder, removeOldFolders, removeSharedFolder } from './shared-folder.ts';
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
  const desktop = thisDesktop(options.environment);
  const person = personBehindRoot(desktop);
  const remove = () => {
    handed?.remove();
    handed = null;
  };
  if (person !== null) {
    removeOldFolders(redirectFileName);
  }
  const host = await openWebHost({
    files: readStaticFiles(options.windowFolder),
    coreSocket: options.coreSocket,
    isOwn: (socket) => isOwnPeer(socket, person === null ? [] : [person.uid]),
    entered: remove,
  });
  const renew = () => {
    remove();
    const code = host.issueCode();
    if (person === null) {
      handed = writeRedirectFile(join(options.runtimeFolder, 'web'), host.origin, code);
    } else {
      const folder = makeSharedFolder();
      const { path } = writeRedirectFile(folder, host.origin, code, person);
      handed = { path, remove: () => removeSharedFolder(folder, redirectFileName) };
    }
    return handed.path;
  };
  const file = renew();
  const command = browserFor(file, desktop);
  return {
    file,
    opened: command !== null && (await openBrowser(command)),
    renew,
    close: async () => {
      remove();
      await host.close();
    },
  };
}
