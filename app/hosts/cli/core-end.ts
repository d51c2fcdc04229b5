/**
 * Ends a core that this program cannot talk to: one of another version, or one that hangs. It gets the signal on which
 * a core of any version undoes everything and ends. What was wanted of it is forgotten, as a disconnect would.
 */
import { join } from 'node:path';
import { findFolders } from '../../adapters/folders.ts';
import { openPorts } from '../../adapters/ports.ts';
import { problem } from '../../contract/index.ts';
import { lockHolder } from '../core/lock.ts';
import { attachToCore } from './core-link.ts';
import { green, say } from './output.ts';
import { Ended, unwrap } from './run.ts';

/** How long it may take to leave laptop and cluster as they were, in milliseconds. */
const undoDeadline = 30_000;

/** Answers false where there is no such core: a disconnect goes the usual way. */
export async function endForeignCore(): Promise<boolean> {
  const attached = await attachToCore();
  if (attached.ok) {
    attached.value?.close();
    return false;
  }
  if (attached.problem.code !== 'core-version' && attached.problem.code !== 'core-unreachable') {
    throw new Ended(attached.problem);
  }
  const folders = unwrap(await findFolders(process.env));
  const lock = join(folders.runtime, 'core.lock');
  const holder = lockHolder(lock);
  if (holder === null) {
    return false;
  }
  process.kill(holder, 'SIGTERM');
  const until = Date.now() + undoDeadline;
  while (lockHolder(lock) === holder) {
    if (Date.now() > until) {
      throw new Ended(problem('core-unreachable', `process ${holder} was asked to end and still runs`));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  unwrap(await openPorts(folders, process.env).store.saveWanted([]));
  say(`${green('○')} off; the core ended`);
  return true;
}
