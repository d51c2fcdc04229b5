/**
 * Ends a core that this program cannot talk to: one of another version, or one that hangs. It gets the signal on which
 * a core of any version undoes everything and ends; one that does not even hear that is killed, whereupon engine and
 * helper undo everything, and the agent goes by itself later. What was wanted is forgotten, as a disconnect would.
 */
import { join } from 'node:path';
import { openPorts } from '../../adapters/ports.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { problem } from '../../contract/index.ts';
import { livingCore } from '../core/living-core.ts';
import { attachToCore } from './core-link.ts';
import { green, say } from './output.ts';
import { Ended, unwrap } from './run.ts';

/** How long it may take to leave laptop and cluster as they were, in milliseconds. One that hangs will not even begin. */
const undoDeadline = { 'core-version': 30_000, 'core-unreachable': 5_000 } as const;
const killDeadline = 2_000;

/** Answers false where there is no such core: a disconnect goes the usual way. */
export async function endForeignCore(): Promise<boolean> {
  const attached = await attachToCore();
  if (attached.ok) {
    attached.value?.close();
    return false;
  }
  const { code } = attached.problem;
  if (code !== 'core-version' && code !== 'core-unreachable') {
    throw new Ended(attached.problem);
  }
  const folders = unwrap(await findFolders(process.env));
  const lock = join(folders.runtime, 'core.lock');
  const holder = livingCore(lock);
  if (holder === null) {
    return false;
  }
  const hasEnded =
    (await end(lock, holder, 'SIGTERM', undoDeadline[code])) || (await end(lock, holder, 'SIGKILL', killDeadline));
  if (!hasEnded) {
    throw new Ended(problem('core-unreachable', `process ${holder} was killed but is still running`));
  }
  unwrap(await openPorts(folders, process.env).store.saveWanted([]));
  say(`${green('○')} off; the core has stopped`);
  return true;
}

/** Answers whether it ended in time. What holds the lock is a core of this place, so that nobody else's process is meant. */
async function end(lock: string, holder: number, signal: NodeJS.Signals, deadline: number): Promise<boolean> {
  if (livingCore(lock) === holder) {
    process.kill(holder, signal);
  }
  const until = Date.now() + deadline;
  while (livingCore(lock) === holder) {
    if (Date.now() > until) {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}
