/** The identity of this build, the same that the native programs carry. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function buildIdentity(): string {
  const native = process.env.SLIPWAY_NATIVE_DIR ?? join(dirname(fileURLToPath(import.meta.url)), '../../native/bin');
  try {
    return readFileSync(join(native, 'build'), 'utf8').trim();
  } catch {
    return 'development';
  }
}
