/** Before the window's tests: window and programs as they are now, and an empty folder for pictures. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { browserProgram, root, screenshotFolder } from './gui-options.ts';

export function setup(): void {
  if (!existsSync(browserProgram)) {
    throw new Error(
      `${browserProgram} is missing: \`npm test -- gui\` installs it, SLIPWAY_TEST_BROWSER names another`,
    );
  }
  execFileSync(process.execPath, [join(root, 'scripts/build-window.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
  // Bundles of the programs, too: else the first cores of all processes build them at the same time.
  execFileSync(process.execPath, [join(root, 'app/hosts/cli/slipway.mjs'), '--version'], { stdio: 'ignore' });
  if (process.env.SLIPWAY_KEEP_SCREENSHOTS !== '1') {
    rmSync(screenshotFolder, { recursive: true, force: true });
  }
  mkdirSync(screenshotFolder, { recursive: true });
}
