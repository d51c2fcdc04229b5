/**
 * The helper as a unit of systemd, where a package installed one: then the system starts it, asks for the password itself
 * and keeps it until the computer ends, so that a user is asked once (docs/adr/0016-packages.md).
 */
import { existsSync, readFileSync } from 'node:fs';

const unitFiles = ['/usr/lib/systemd/system', '/lib/systemd/system'].map(
  (folder) => `${folder}/slipway-helper@.service`,
);

/** The unit that serves this user with this very program, or null: a clone's core does not start a package's helper. */
export function helperUnit(
  program: string,
  userId: number,
  files: readonly string[] = unitFiles,
  systemd = '/run/systemd/system',
): string | null {
  if (!existsSync(systemd)) {
    return null; // systemd may be installed and not be what runs this computer
  }
  for (const file of files) {
    try {
      const starts = readFileSync(file, 'utf8').match(/^ExecStart=(\S+) serve --user %i$/m)?.[1];
      return starts === program ? `slipway-helper@${userId}.service` : null;
    } catch {
      // not there
    }
  }
  return null;
}
