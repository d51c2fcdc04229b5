/** The autostart entry of Linux. */

/** Exec quotes as the Desktop Entry Specification says: double quotes, with `"`, backslash, `$` and backtick escaped. */
export function desktopEntry(program: string): string {
  const quoted = `"${program.replace(/["\\$`]/g, (character) => `\\${character}`)}"`
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%');
  return `[Desktop Entry]\nType=Application\nName=Slipway\nExec=${quoted} --hidden\nTerminal=false\nX-GNOME-Autostart-enabled=true\n`;
}
