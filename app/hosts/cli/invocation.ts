/** How a command line is called where it was called, so that what is printed can be typed. */
import { realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path';

/**
 * `slipway` where that name leads to this launcher; otherwise its path, short in its own folder. Never a name that a
 * registry or another installation answers for.
 */
export function invocationOf(launcher: string, path: string, folder: string): string {
  const own = real(launcher);
  if (path.split(delimiter).some((each) => isAbsolute(each) && real(join(each, 'slipway')) === own)) {
    return 'slipway';
  }
  if (real(folder) === dirname(own)) {
    return `.${sep}slipway`;
  }
  return /[^\w./\\:-]/.test(launcher) ? `'${launcher.replaceAll("'", `'\\''`)}'` : launcher;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
