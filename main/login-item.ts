/** Start at login: an autostart entry on Linux (Desktop Application Autostart Specification), the system's own list elsewhere. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';
import { desktopEntry } from './desktop-entry.ts';

const fileName = 'io.slipway.Slipway.desktop';

/** An AppImage runs from a folder of /tmp that anybody could make once it is gone: its file is what starts it. */
const own = () => process.env.APPIMAGE || process.execPath;

export function setStartAtLogin(isWanted: boolean, program: string = own()): void {
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: isWanted, args: ['--hidden'] });
    return;
  }
  const folder = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'autostart');
  const file = join(folder, fileName);
  if (!isWanted) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, desktopEntry(program));
}
