/** Reaches the user's core from the CLI: attaches to the one that runs, or starts one that outlives this command. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { findFolders } from '../../adapters/storage/folders.ts';
import { type CoreLink, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { attach } from '../attach.ts';
import { buildIdentity } from '../build-identity.ts';
import { livingCore } from '../core/living-core.ts';
import { coreProgram } from '../installation.ts';
import { caller, environmentForCore } from './caller.ts';
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
    const attached = await attach(join(runtime, 'core.sock'), 'cli', buildIdentity(), caller());
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
  if (running.value !== null) {
    return success(running.value);
  }
  mkdirSync(folders.value.state, { recursive: true, mode: 0o700 });
  const log = openSync(join(folders.value.state, 'core.log'), 'a', 0o600);
  const child = spawn(process.execPath, coreProgram(), {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: environmentForCore(),
  });
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
 * The core that a window shows: it reads the files and runs the plugins of whoever started it. An idle one of another
 * environment makes room for this command's; one that is at work stays, and the user is told.
 */
export async function ensureOwnCore(): Promise<Result<CoreLink>> {
  const running = await attachToCore();
  if (!running.ok || running.value === null) {
    return running.ok ? ensureCore() : running;
  }
  const core = running.value;
  const compared = await core.call('compareCaller', {});
  if (!compared.ok || (compared.value.kubeconfigs && compared.value.variables.length === 0)) {
    return success(core);
  }
  if (!compared.value.idle) {
    const what = [...(compared.value.kubeconfigs ? [] : ['KUBECONFIG']), ...compared.value.variables].join(', ');
    say(dim(`A core is at work that was started with other values of ${what}: the window shows what that one sees.`));
    return success(core);
  }
  await core.call('quit', {});
  await core.ended;
  return ensureCore();
}
