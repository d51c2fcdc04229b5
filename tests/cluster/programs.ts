/** Runs ordinary programs inside a laptop namespace, with a deadline, and collects what they print. */
import { spawn } from 'node:child_process';

export interface Outcome {
  readonly code: number; // 124 when the deadline ended it
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Milliseconds until the program is killed. */
  readonly deadline?: number;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A place where programs run: the argument vector that enters it, and its environment. */
export interface Place {
  readonly enter: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function run(place: Place, command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [program, ...rest] = [...place.enter, ...command];
    if (program === undefined) {
      reject(new Error('no program'));
      return;
    }
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...place.environment, ...options.environment },
    });
    let stdout = '';
    let stderr = '';
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, options.deadline ?? 20_000);
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(deadline);
      resolve({ code: late ? 124 : (code ?? 137), stdout, stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Runs and expects success; the failure tells everything that the program said. */
export async function must(place: Place, command: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(place, command, options);
  if (outcome.code !== 0) {
    throw new Error(`${command.join(' ')} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  }
  return outcome.stdout;
}

/** Repeats until the check answers true or the deadline passes; answers whether it came true. */
export async function eventually(check: () => Promise<boolean>, deadline: number, pause = 200): Promise<boolean> {
  const end = Date.now() + deadline;
  for (;;) {
    if (await check()) {
      return true;
    }
    if (Date.now() > end) {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
