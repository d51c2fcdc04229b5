import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

export interface RunOptions {
  input?: string | undefined;
  /** A file in place of `input`. */
  inputFile?: string | undefined;
  environment?: NodeJS.ProcessEnv | undefined;
  folder?: string | undefined;
  /** How far it and what it starts stand back for others, see nice(1). */
  niceness?: number | undefined;
  /** Milliseconds until the command is killed. */
  deadline?: number | undefined;
  /** Both streams go here as they come. */
  onOutput?: ((text: string) => void) | undefined;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** A command that ended with another status than 0. */
export class CommandFailure extends Error {
  readonly result: RunResult;

  constructor(command: readonly string[], result: RunResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n');
    super(`${command.slice(0, 12).join(' ')} ended with ${result.status}: ${said}`);
    this.name = 'CommandFailure';
    this.result = result;
  }
}

/** Runs a command to its end, whatever its status. Throws when it cannot be started. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...rest] = command;
  const file = options.inputFile === undefined ? undefined : openSync(options.inputFile, 'r');
  return new Promise<RunResult>((resolve, reject) => {
    const child = spawn(program ?? '', rest, {
      stdio: [file ?? 'pipe', 'pipe', 'pipe'],
      cwd: options.folder,
      env: options.environment ?? process.env,
      timeout: options.deadline,
      killSignal: 'SIGKILL',
    });
    if (options.niceness !== undefined && child.pid !== undefined) setPriority(child.pid, options.niceness);
    const result: RunResult = { status: -1, stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text;
      options.onOutput?.(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      result.stderr += text;
      options.onOutput?.(text);
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ ...result, status: status ?? -1 }));
    child.stdin?.on('error', () => {}); // a command may end without reading its input
    child.stdin?.end(options.input ?? '');
  }).finally(() => {
    if (file !== undefined) closeSync(file);
  });
}

/** Runs a command and returns its standard output. Throws CommandFailure. */
export async function output(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.status !== 0) throw new CommandFailure(command, result);
  return result.stdout;
}

/** Runs a command on this terminal and returns its status. */
export function attach(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [program, ...rest] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? '', rest, { stdio: 'inherit', env: environment });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** Asks `probe` until it gives something else than undefined. Throws `failure()` after `deadline` milliseconds. */
export async function waitFor<Value>(
  probe: () => Promise<Value | undefined>,
  deadline: number,
  failure: () => Error | Promise<Error>,
  interval = 150,
): Promise<Value> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > end) throw await failure();
    await pause(interval);
  }
}
