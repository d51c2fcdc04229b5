/** Reaches the user's core from the CLI: attaches to the one that runs, or starts one that outlives this command. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { findFolders } from '../../adapters/folders.ts';
import { type CoreLink, failure, problem, type Result, success } from '../../contract/index.ts';
import { attach } from '../attach.ts';
import { buildIdentity } from '../build-identity.ts';

/** The running core, or null where none runs. */
export async function attachToCore(): Promise<Result<CoreLink | null>> {
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders;
  }
  const attached = await attach(join(folders.value.runtime, 'core.sock'), 'cli', buildIdentity());
  if ('link' in attached) {
    return success(attached.link);
  }
  return attached.kind === 'absent' ? success(null) : failure(attached.problem);
}

/** The running core, started when there is none. */
export async function ensureCore(): Promise<Result<CoreLink>> {
  const running = await attachToCore();
  if (!running.ok) {
    return running;
  }
  if (running.value !== null) {
    return success(running.value);
  }
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders;
  }
  mkdirSync(folders.value.state, { recursive: true, mode: 0o700 });
  const log = openSync(join(folders.value.state, 'core.log'), 'a', 0o600);
  const main = join(import.meta.dirname, '..', 'core', 'main.ts');
  const program = ['--import', import.meta.resolve('../stripped-sources.mjs'), main];
  const child = spawn(process.execPath, program, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
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
  return failure(
    problem('core-unreachable', `it did not come up; see ${join(folders.value.state, 'core.log')} for what it said`),
  );
}
