/** What an ordinary user of the laptop has: a folder that everybody may enter, with a kubeconfig and places of their own. */
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function makeUserFolder(
  name: string,
  userId: number,
  kubeconfig: string,
): { folder: string; kubeconfig: string } {
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  chmodSync(folder, 0o755);
  const own = join(folder, 'kubeconfig');
  copyFileSync(kubeconfig, own);
  chownSync(own, userId, userId);
  for (const place of ['runtime', 'config', 'state', 'home']) {
    mkdirSync(join(folder, place), { mode: 0o700 });
    chownSync(join(folder, place), userId, userId);
  }
  return { folder, kubeconfig: own };
}
