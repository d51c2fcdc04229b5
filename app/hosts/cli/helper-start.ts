/**
 * Starts the helper from a terminal where the core cannot: the core never asks for a password. As root it is started
 * by the core itself; otherwise sudo asks here, once. What will run as root is said before anything asks.
 */
import { spawn } from 'node:child_process';
import { findRootsProgram, mayElevate } from '../../adapters/native/elevation.ts';
import { helperUnit } from '../../adapters/native/helper-unit.ts';
import { nativePrograms } from '../../adapters/native-programs.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { failure, problem, type Result, success } from '../../contract/index.ts';
import { dim, plain, say } from './output.ts';

async function sudo(args: readonly string[]): Promise<number> {
  const program = await findRootsProgram('sudo', process.env.PATH ?? '');
  return program === null
    ? 127
    : await new Promise((resolve) => {
        const child = spawn(program, args, { stdio: 'inherit' });
        child.once('error', () => resolve(127));
        child.once('exit', (code) => resolve(code ?? 1));
      });
}

/** Makes sure that a helper serves this user before a connect. */
export async function ensureHelper(): Promise<Result<null>> {
  const userId = process.getuid?.();
  if (userId === undefined || userId === 0) {
    return success(null); // the core starts it
  }
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders;
  }
  const { openPorts } = await import('../../adapters/ports.ts'); // a connect as root need not wait for it
  const { helper } = openPorts(folders.value, process.env);
  const state = await helper.state();
  if (state.state === 'ready') {
    return success(null);
  }
  const { helper: built, clone } = nativePrograms(process.env);
  const elevated = await mayElevate(built, clone);
  if ('problem' in elevated) {
    return failure(elevated.problem);
  }
  const { program, isClone } = elevated;
  say(
    dim(
      "Slipway's helper opens the TUN device and sets routes and names; it needs root. It stops by itself when unused.",
    ),
  );
  say(`  ${dim('to run as root:')} ${plain(program)}`);
  if (isClone) {
    say(dim('  It belongs to this clone: whoever can change the clone can change it.'));
  }
  if (!process.stdin.isTTY) {
    return success(null); // the core tries pkexec, or says helper-missing
  }
  const unit = helperUnit(program, userId);
  const serve = ['--background', '--', program, 'serve', '--user', String(userId), '--exit-when-idle', '600'];
  const code = await sudo(unit === null ? serve : ['systemctl', 'start', unit]);
  if (code !== 0) {
    return failure(problem('helper-missing', `sudo ended with ${code}`));
  }
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if ((await helper.state()).state === 'ready') {
      return success(null);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return failure(problem('helper-missing', 'it was started with sudo but does not answer'));
}
