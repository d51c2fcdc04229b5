/** Start at login: an autostart entry on Linux (Desktop Application Autostart Specification), the system's own list elsewhere. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';

const fileName = 'io.slipway.Slipway.desktop';

export function setStartAtLogin(isWanted: boolean, program: string = process.execPath): void {
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

/** Exec quotes as the Desktop Entry Specification says: double quotes, with `"`, backslash, `$` and backtick escaped. */
export function desktopEntry(program: string): string {
  const quoted = `"${program.replace(/["\\$`]/g, (character) => `\\${character}`)}"`
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%');
  return `[Desktop Entry]\nType=Application\nName=Slipway\nExec=${quoted} --hidden\nTerminal=false\nX-GNOME-Autostart-enabled=true\n`;
}
