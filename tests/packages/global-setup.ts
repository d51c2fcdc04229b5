/** Builds the packages around the old Electron of the tests, where something that they are made of has changed. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export function setup(): void {
  const script = join(import.meta.dirname, '../../scripts/package.mjs');
  execFileSync(process.execPath, [script, '--test'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
