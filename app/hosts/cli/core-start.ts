/**
 * Starts the user's core, which outlives this command. A connect to a cluster waits for it first of all, and most of a start is
 * the loading of its program: so it is begun while this command's own is still being loaded. It imports little for that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Folders, makePrivate, placesOf } from '../../adapters/storage/places.ts';
import { thisUser } from '../../adapters/storage/user-place.ts';
import { lockHolder } from '../core/lock.ts';
import { withModestMemory } from '../core/modest-memory.ts';
import { coreProgram } from '../installation.ts';
import { environmentForCore } from './caller.ts';

let begun: ChildProcess | null = null;

/** The core that this command began early, where it did not end meanwhile; else one that is started now. `folders` are the user's own. */
export function startCore(folders: Folders): ChildProcess {
  const early = begun;
  begun = null;
  return early !== null && early.exitCode === null && early.signalCode === null ? early : start(folders);
}

function start({ state }: Folders): ChildProcess {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const log = openSync(join(state, 'core.log'), 'a', 0o600);
  const child = spawn(process.execPath, coreProgram(), {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: withModestMemory(environmentForCore()),
  });
  child.on('error', () => {}); // whoever waits for it finds none
  child.unref();
  return child;
}

/**
 * Begins a core for words that will want one, where none lives. Only where the words say nothing of how: a kubeconfig that a flag
 * names would be the core's. One that is not wanted after all ends soon, by itself. What is wrong with a folder is told
 * by whoever opens it next.
 */
export async function startCoreEarly(words: readonly string[]): Promise<void> {
  if (!wantsCore(words)) {
    return;
  }
  const folders = placesOf(process.env, thisUser());
  if (lockHolder(join(folders.runtime, 'core.lock')) !== null) {
    return;
  }
  const refusals = await Promise.all([folders.runtime, folders.state].map(makePrivate));
  if (refusals.every((refusal) => refusal === null)) {
    begun = start(folders);
  }
}

/** Whether these words, before anybody parsed them, want a core that is started as this process was. */
export function wantsCore(words: readonly string[]): boolean {
  return words[0] === 'connect' && !words.some((word) => /^(-h|--help|--kubeconfig.*)$/.test(word));
}
