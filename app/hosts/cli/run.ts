/** How a CLI command ends: with a value, or by throwing Ended, which becomes an exit code in one place. */
import type { CoreLink, Problem, Result } from '../../contract/index.ts';
import { attachToCore, ensureCore, ensureOwnCore } from './core-link.ts';
import { exitCodeOf } from './exit-codes.ts';
import { tellingLogins } from './logins.ts';
import { red, say, sayProblem } from './output.ts';

/** Ends the command. `alreadySaid` keeps a problem that was printed from being printed twice. */
export class Ended extends Error {
  readonly because: Problem | string;
  readonly alreadySaid: boolean;
  readonly exitCode: number;

  constructor(because: Problem | string, alreadySaid = false, exitCode?: number) {
    super(typeof because === 'string' ? because : because.code);
    this.because = because;
    this.alreadySaid = alreadySaid;
    this.exitCode = exitCode ?? (typeof because === 'string' ? 2 : exitCodeOf(because));
  }
}

export function unwrap<Value>(result: Result<Value>): Value {
  if (result.ok) {
    return result.value;
  }
  throw new Ended(result.problem);
}

/** Runs a command with a core, and lets go of that. */
async function runWith<Link extends CoreLink | null>(core: Link, action: (core: Link) => Promise<void>): Promise<void> {
  try {
    await action(core);
  } finally {
    core?.close();
  }
}

/** With the user's core, started where none runs. Logins that it waits for are told meanwhile. */
export async function withCore(action: (core: CoreLink) => Promise<void>): Promise<void> {
  await runWith(tellingLogins(unwrap(await ensureCore())), action);
}

/** The same with a core that was started as this command would, where that can be. */
export async function withOwnCore(action: (core: CoreLink) => Promise<void>): Promise<void> {
  await runWith(unwrap(await ensureOwnCore()), action);
}

/** With the core that runs, or with null; never starts one. */
export async function withRunningCore(action: (core: CoreLink | null) => Promise<void>): Promise<void> {
  await runWith(unwrap(await attachToCore()), action);
}

/** Performs the command line's action and sets the exit code. */
export async function perform(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Ended)) {
      throw error;
    }
    if (!error.alreadySaid) {
      if (typeof error.because === 'string') {
        say(`${red('error')}: ${error.because}`);
      } else {
        sayProblem(error.because);
      }
    }
    process.exitCode = error.exitCode;
  }
}
