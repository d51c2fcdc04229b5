/**
 * Runs a command of the sandbox as root: sudo asks here, once, and what root will do is said before. Root has its own home
 * folder meanwhile, so that nothing in the user's becomes root's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { findRootsProgram } from '../../adapters/native/elevation.ts';
import { cliProgram, isPackaged } from '../installation.ts';
import { dim, invocation, plain, say } from './output.ts';

/** What root needs of the user's environment: where programs and the display are, and what to build with. */
const kept = [
  'PATH',
  'SHELL',
  'TERM',
  'LANG',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'NO_COLOR',
  'SLIPWAY_SANDBOX_STATE',
  'SLIPWAY_DEBIAN_MIRROR',
  'SLIPWAY_DEBIAN_SECURITY_MIRROR',
  'GOPROXY',
  'GONOSUMDB',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

/** Every user can read the words of a command (proc_pid_cmdline(5)): an address with a password in it is not passed. */
const hasPassword = (name: string, value: string) => /(proxy|mirror)$/i.test(name) && value.includes('@');

/** Words for sudo. `words` are those of our own command line. */
export function wordsForSudo(words: readonly string[], environment: NodeJS.ProcessEnv, mayAsk: boolean): string[] {
  const variables = kept.flatMap((name) => {
    const value = environment[name];
    return value === undefined || value === '' || hasPassword(name, value) ? [] : [`${name}=${value}`];
  });
  return [...(mayAsk ? [] : ['-n']), '-H', '--', 'env', ...variables, process.execPath, cliProgram, ...words];
}

/** What sudo runs is root's: the kernel lets nobody else end it (EPERM, kill(2)), and then whoever asked is told how. */
export function endRoots(child: Pick<ChildProcess, 'pid'>, kill: typeof process.kill = process.kill): void {
  try {
    kill(child.pid ?? Number.NaN, 'SIGTERM');
  } catch {
    say(`It runs as root and goes on: Ctrl-C in its terminal ends it, or \`sudo kill ${child.pid ?? ''}\`.`);
  }
}

/**
 * Answers the exit status of the same command as root; null where this is root already, or nothing here can make it so: the
 * command then says itself what it lacks.
 */
export async function runAsRoot(words: readonly string[]): Promise<number | null> {
  if (process.platform !== 'linux' || process.getuid?.() === 0 || isPackaged) {
    return null;
  }
  const sudo = await findRootsProgram('sudo', process.env.PATH ?? '');
  if (sudo === null) {
    return null;
  }
  say('The sandbox needs root: it makes namespaces, control groups and one network interface on this computer, builds');
  say(
    `Kubernetes in root’s own cache, and runs it until \`${invocation} sandbox down\`. No other network setting is changed.`,
  );
  say(`  ${dim('to run as root:')} ${plain([cliProgram, ...words].join(' '))}`);
  say(dim('  It belongs to this clone: whoever can change the clone can change it.'));
  return new Promise((resolve) => {
    const child = spawn(sudo, wordsForSudo(words, process.env, process.stdin.isTTY === true), { stdio: 'inherit' });
    // Ctrl-C reaches it through the terminal, and it ends well by itself.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => endRoots(child));
    let isRunning = false;
    child.once('spawn', () => {
      isRunning = true;
    });
    child.on('error', () => {
      if (!isRunning) {
        resolve(8);
      }
    });
    child.once('close', (code) => resolve(code ?? 130));
  });
}
