// Tells whether a source changed, without reading it.
import { statSync } from 'node:fs';

/** Another one after every change: nobody sets the time at which an inode changed. */
export function stateOf(file) {
  const { size, mtimeMs, ctimeMs } = statSync(file);
  return `${size} ${mtimeMs} ${ctimeMs}`;
}
