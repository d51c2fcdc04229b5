/** Reaches the user's core from the CLI: attaches to the one that runs, or starts one that outlives this command. */
import { join } from 'node:path';
import { type Folders, findFolders } from '../../adapters/storage/folders.ts';
import { type CoreLink, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { attach } from '../attach.ts';
import { buildIdentity } from '../build-identity.ts';
import { livingCore } from '../core/living-core.ts';
import { caller } from './caller.ts';
import { startCore } from './core-start.ts';
import { dim, say } from './output.ts';

/** How long a core that lives may take to get its socket back, and one that is started to serve. Milliseconds. */
const patience = { living: 5_000, started: 15_000 } as const;
/** Between two tries, in milliseconds: a connect waits for no more than that. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

/** The core that serves there now, or null. */
async function attachNow({ runtime }: Folders): Promise<Result<CoreLink | null>> {
  const attached = await attach(join(runtime, 'core.sock'), 'cli', buildIdentity(), caller());
  if ('link' in attached) {
    return success(attached.link);
  }
  return attached.kind === 'absent' ? success(null) : failure(attached.problem);
}

/** The running core, or null where none runs; one that lives and lost its socket is waited for. */
export async function attachToCore(): Promise<Result<CoreLink | null>> {
  const found = await findFolders(process.env);
  if (!found.ok) {
    return found;
  }
  const folders = found.value;
  for (const deadline = Date.now() + patience.living; ; await pause()) {
    const attached = await attachNow(folders);
    if (!attached.ok || attached.value !== null) {
      return attached;
    }
    const processId = livingCore(join(folders.runtime, 'core.lock'));
    if (processId === null) {
      return attached;
    }
    if (Date.now() > deadline) {
      return failure(problem('core-unreachable', cause('coreSilent', { process: processId })));
    }
  }
}

/** The running core, started when there is none. */
export async function ensureCore(): Promise<Result<CoreLink>> {
  const found = await findFolders(process.env);
  if (!found.ok) {
    return found;
  }
  const folders = found.value;
  const running = await attachNow(folders);
  if (!running.ok) {
    return running;
  }
  if (running.value !== null) {
    return success(running.value);
  }
  // One that lives without its socket is found by the one that is started, which ends; the socket comes back meanwhile.
  const child = startCore(folders);
  let ended = child.exitCode !== null;
  child.once('exit', () => {
    ended = true;
  });
  const deadline = Date.now() + patience.started;
  while (Date.now() < deadline) {
    const attached = await attachNow(folders);
    if (!attached.ok) {
      return attached;
    }
    if (attached.value !== null) {
      return success(attached.value);
    }
    if (ended && child.exitCode !== 0) {
      break; // exit code 0 means that another core was first, and that one will answer
    }
    await pause();
  }
  return failure(problem('core-unreachable', `it did not start; see ${join(folders.state, 'core.log')}`));
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
