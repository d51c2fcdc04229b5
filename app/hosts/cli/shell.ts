/**
 * `slipway shell` and `slipway run`: a program in a network of its own, made of Linux's namespaces without any right, in
 * which everything works as with the helper (docs/adr/0047). The engine's program makes them; in them a core and a helper of
 * their own connect, by this same command line, and end with the program.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { nativePrograms } from '../../adapters/native-programs.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { type Cause, cause, type Problem, problem } from '../../contract/index.ts';
import { cliProgram } from '../installation.ts';
import { caller, contextOfFlag } from './caller.ts';
import { type ConnectFlags, wordsOfFlags } from './connect-options.ts';
import { Ended, unwrap } from './run.ts';
import { isInShell, shellVariable } from './shell-variable.ts';

const refusalSchema = z.object({ because: z.string(), detail: z.string() });

const causes: Readonly<Record<string, Cause>> = {
  none: cause('namespacesNone'),
  'root-only': cause('namespacesRoots'),
  apparmor: cause('namespacesAppArmor'),
  tun: cause('noTunFile'),
  'tun-root-only': cause('tunRoots'),
};

/** What the engine's program says where it could not make the network, as a problem. */
export function refusalOf(told: string): Problem | null {
  if (told.trim() === '') {
    return null;
  }
  const { because, detail } = refusalSchema.parse(JSON.parse(told));
  const why = causes[because] ?? cause('namespacesRefused', { reason: detail });
  return problem(because === 'tun' ? 'tun-unavailable' : 'shell-refused', why);
}

/** Folders of shells whose command line is gone. */
function forgetEnded(runtime: string): void {
  for (const name of readdirSync(runtime)) {
    const id = /^shell-(\d+)$/.exec(name)?.[1];
    if (id !== undefined && !isAlive(Number(id))) {
      rmSync(join(runtime, name), { recursive: true, force: true });
    }
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Has `words` run, a shell where there are none, and answers its exit code. */
export async function runInNetwork(
  context: string | undefined,
  flags: ConnectFlags,
  words: readonly string[],
): Promise<number> {
  if (process.platform !== 'linux') {
    throw new Ended(
      'only Linux has networks that a user can make without any right. `slipway connect` joins a cluster.',
    );
  }
  if (isInShell()) {
    throw new Ended('this is in a shell of Slipway already: `slipway connect` joins another cluster here, too');
  }
  const { runtime, config } = unwrap(await findFolders(process.env));
  forgetEnded(runtime);
  const folder = join(runtime, `shell-${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  try {
    for (const name of ['run', 'state']) {
      mkdirSync(join(folder, name), { mode: 0o700 });
    }
    // Settings and what was confirmed hold here, too; what is on elsewhere is not wanted here.
    cpSync(config, join(folder, 'config'), { recursive: true, filter: (file) => !basename(file).startsWith('wanted') });
    return await runShell(folder, context, flags, words);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runShell(
  folder: string,
  context: string | undefined,
  flags: ConnectFlags,
  words: readonly string[],
): Promise<number> {
  const chosen = context ?? contextOfFlag();
  const { isExplicit, kubeconfigs } = caller();
  const own = [process.execPath, cliProgram, ...(isExplicit ? ['--kubeconfig', ...kubeconfigs] : [])];
  const plan = {
    connect: [...own, 'connect', ...(chosen === '' ? [] : [chosen]), ...wordsOfFlags(flags)],
    program: words.length > 0 ? words : [process.env.SHELL || '/bin/sh'],
    disconnect: [...own, 'disconnect', '--quit'],
    folder,
  };
  const child = spawn(nativePrograms(process.env).engine, ['shell'], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      [shellVariable]: chosen === '' ? 'on' : chosen,
      SLIPWAY_RUNTIME_DIR: join(folder, 'run'),
      SLIPWAY_CONFIG_DIR: join(folder, 'config'),
      SLIPWAY_STATE_DIR: join(folder, 'state'),
    },
  });
  // A terminal's signals reach what runs there by themselves; those that only this process hears are passed on.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.on(signal, () => {});
  }
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill('SIGTERM'));
  }
  const link = child.stdio[3] as Socket;
  let told = '';
  link.setEncoding('utf8');
  link.on('error', () => {}); // it could not be started, which its own event says
  link.on('data', (text: string) => {
    told += text;
  });
  link.write(`${JSON.stringify(plan)}\n`);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (exit) => resolve(exit ?? 125));
  });
  if (code === null) {
    throw new Ended(problem('engine-missing', cause('notThere', { file: nativePrograms(process.env).engine })));
  }
  const refusal = refusalOf(told);
  if (refusal !== null) {
    throw new Ended(refusal);
  }
  return code;
}
