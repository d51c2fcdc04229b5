/** A program that goes on in the background, as in a terminal of its own: what it has said so far, Ctrl-C, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { eventually, type Place } from './programs.ts';

export class Terminal {
  readonly #child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Its exit code; 128 and the signal's number are not told apart from other codes. */
  readonly ended: Promise<number>;

  constructor(place: Place, command: readonly string[]) {
    const [program = '', ...rest] = [...place.enter, ...command];
    this.#child = spawn(program, rest, {
      env: { ...place.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, which Ctrl-C is sent to as a terminal does
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => resolve(code ?? 137));
    });
  }

  /** Waits until it has said this, on either stream. */
  says(text: string | RegExp, deadline: number): Promise<boolean> {
    const said = () => `${this.stdout}\n${this.stderr}`;
    return eventually(async () => (typeof text === 'string' ? said().includes(text) : text.test(said())), deadline, 20);
  }

  /** Ctrl-C. Answers its exit code. */
  interrupt(): Promise<number> {
    this.#signal('SIGINT');
    return this.ended;
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      process.kill(-this.#child.pid, signal);
    }
  }
}
