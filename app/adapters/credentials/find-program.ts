/** Looks a command up as execvp does, but never in the current folder. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The absolute path of the first executable of this name, or null. Symlinks are kept: package managers move targets. */
export async function findProgram(command: string, path: string): Promise<string | null> {
  if (isAbsolute(command)) {
    return (await isExecutable(command)) ? command : null;
  }
  if (command.includes('/')) {
    return null; // relative commands are made absolute by who knows what they are relative to
  }
  for (const folder of path.split(delimiter)) {
    if (isAbsolute(folder) && (await isExecutable(join(folder, command)))) {
      return join(folder, command);
    }
  }
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
