/** Reaches the user's core from the CLI: attaches to the one that runs, or starts one that outlives this command. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFolders } from '../../adapters/storage/folders.ts';
import { type CoreLink, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { attach } from '../attach.ts';
import { buildIdentity } from '../build-identity.ts';
import { livingCore } from '../core/living-core.ts';
import { kubeconfigFile } from '../core/lock.ts';
import { coreProgram } from '../installation.ts';
import { dim, say } from './output.ts';

/** How long a core that lives may take to serve: one that was started just now, or that lost its socket. Milliseconds. */
const patience = 5000;

/** The running core, or null where none runs. */
export async function attachToCore(): Promise<Result<CoreLink | null>> {
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders;
  }
  const { runtime } = folders.value;
  for (const deadline = Date.now() + patience; ; ) {
    const attached = await attach(join(runtime, 'core.sock'), 'cli', buildIdentity());
    if ('link' in attached) {
      return success(attached.link);
    }
    if (attached.kind === 'problem') {
      return failure(attached.problem);
    }
    const processId = livingCore(join(runtime, 'core.lock'));
    if (processId === null) {
      return success(null);
    }
    if (Date.now() > deadline) {
      return failure(problem('core-unreachable', cause('coreSilent', { process: processId })));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The running core, started when there is none. */
export async function ensureCore(): Promise<Result<CoreLink>> {
  const running = await attachToCore();
  if (!running.ok) {
    return running;
  }
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders;
  }
  if (running.value !== null && (await readsOurKubeconfig(running.value, folders.value.runtime))) {
    return success(running.value);
  }
  mkdirSync(folders.value.state, { recursive: true, mode: 0o700 });
  const log = openSync(join(folders.value.state, 'core.log'), 'a', 0o600);
  const child = spawn(process.execPath, coreProgram(), { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.unref();
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    const attached = await attachToCore();
    if (!attached.ok) {
      return attached;
    }
    if (attached.value !== null) {
      return success(attached.value);
    }
    if (ended && child.exitCode !== 0) {
      break; // exit code 0 means that another core was first, and that one will answer
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return failure(problem('core-unreachable', `it did not start; see ${join(folders.value.state, 'core.log')}`));
}

/**
 * A core reads the kubeconfigs of whoever started it. Where this command was given others, an idle core makes room for
 * another; one that is connected stays, and the user is told. False: there is none any more.
 */
async function readsOurKubeconfig(core: CoreLink, runtimeFolder: string): Promise<boolean> {
  let theirs: string;
  try {
    theirs = readFileSync(join(runtimeFolder, kubeconfigFile), 'utf8');
  } catch {
    return true; // it is ending, or it was started by something that knows better
  }
  const ours = process.env.KUBECONFIG ?? '';
  if (theirs === ours) {
    return true;
  }
  const snapshot = await core.call('getSnapshot', {});
  const isIdle = snapshot.ok && snapshot.value.wanted.length === 0;
  if (!isIdle) {
    say(
      dim(
        `A changed KUBECONFIG takes effect after the next disconnect; until then it is ${theirs === '' ? 'unset' : theirs}.`,
      ),
    );
    return true;
  }
  await core.call('quit', {});
  await core.ended;
  return false;
}
