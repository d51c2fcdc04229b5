/** Before the tests of the desktop app: its Debian packages, the old Electron and the app built for it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export function setup(): void {
  const script = join(import.meta.dirname, '../../../scripts/prepare-electron-tests.mjs');
  const prepared = spawnSync(process.execPath, [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (prepared.status !== 0) {
    throw new Error('the desktop app cannot be tested here; the reason is above');
  }
  process.env.SLIPWAY_TEST_ELECTRON = prepared.stdout.trim();
}
