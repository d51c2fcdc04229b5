/**
 * The environment that credential plugins and proxies need. A program started from a desktop has the bare PATH of the
 * session and not what the user's shell files set, so the login shell is asked once. It runs the user's own shell and
 * nothing out of a kubeconfig.
 */
import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import type { Environment } from '../storage/folders.ts';

/** How long shell files may take, in milliseconds. A prompt that waits for input must not hold the core. */
const shellDeadline = 5_000;

const marker = 'slipway-environment';

const bareFolders = new Set([
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/snap/bin',
  '/usr/games',
  '/usr/local/games',
]);

/** What is taken over from the login shell where the process lacks it. PATH is always taken. */
const taken = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'KUBECONFIG',
];

/** True where PATH holds system folders only and no terminal's shell is above us. */
export function looksBare(environment: Environment): boolean {
  const folders = (environment.PATH ?? '').split(':').filter((folder) => folder !== '');
  return environment.TERM === undefined && folders.every((folder) => bareFolders.has(folder));
}

/** The environment completed by the login shell's where it looks bare; unchanged where the shell does not answer. */
export async function completeEnvironment(environment: Environment, deadline = shellDeadline): Promise<Environment> {
  const shell = environment.SHELL;
  if (process.platform === 'win32' || shell === undefined || !isAbsolute(shell) || !looksBare(environment)) {
    return environment;
  }
  const answered = await askShell(shell, environment, deadline);
  if (answered === null) {
    return environment;
  }
  const completed: Record<string, string | undefined> = { ...environment };
  const path = answered.get('PATH');
  if (path !== undefined && path !== '') {
    completed.PATH = path;
  }
  for (const name of taken) {
    completed[name] ??= answered.get(name);
  }
  return completed;
}

function askShell(shell: string, environment: Environment, deadline: number): Promise<Map<string, string> | null> {
  return new Promise((resolve) => {
    // Interactive, because many people set PATH in .bashrc or .zshrc only. A group of its own, to end all of it.
    const child = spawn(shell, ['-lic', `printf '${marker}\\0'; exec env -0`], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const end = () => {
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
      }
    };
    const timer = setTimeout(() => {
      end();
      resolve(null);
    }, deadline);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > 1 << 20) {
        end();
      } else {
        chunks.push(chunk);
      }
    });
    child.once('error', () => {
      clearTimeout(timer);
      resolve(null);
    });
    child.once('close', () => {
      clearTimeout(timer);
      resolve(parseEnvironment(Buffer.concat(chunks).toString('utf8')));
    });
  });
}

/** Shell files may print anything before the marker. */
export function parseEnvironment(text: string): Map<string, string> | null {
  const start = text.lastIndexOf(`${marker}\0`);
  if (start < 0) {
    return null;
  }
  const variables = new Map<string, string>();
  for (const line of text.slice(start + marker.length + 1).split('\0')) {
    const equals = line.indexOf('=');
    if (equals > 0) {
      variables.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }
  return variables;
}
