/** Faults by plan: which operation of a fake fails next, with what, and how often. Real adapters have real faults. */
import { failure, type Problem, type Result } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';

export type Operation =
  | 'open'
  | 'credentials'
  | 'reach'
  | 'listNamespaces'
  | 'listHeadless'
  | 'checkRights'
  | 'protectedAddresses'
  | 'discoverRanges'
  | 'placeAgent'
  | 'agentLives'
  | 'agentEnd'
  | 'stubDomains'
  | 'offerDirect'
  | 'deleteAgent'
  | 'ensureHelper'
  | 'startEngine'
  | 'prepare'
  | 'tunnel'
  | 'routes'
  | 'names'
  | 'verify'
  | 'saveWanted'
  | 'resolve'
  | 'http'
  | 'bench'
  | 'findAgents'
  | 'sandbox';

/** A problem that comes back, an exception of a broken adapter, or silence. */
export type Fault = Problem | 'throws' | 'hangs';

export class Faults {
  readonly #planned = new Map<Operation, { fault: Fault; times: number }>();
  readonly #clock: Clock;
  /** How long each operation takes, in milliseconds. */
  readonly #pace: number;
  /** Every operation that began, in order. */
  readonly begun: Operation[] = [];

  constructor(clock: Clock, pace: number) {
    this.#clock = clock;
    this.#pace = pace;
  }

  plan(operation: Operation, fault: Fault, times = 1): void {
    this.#planned.set(operation, { fault, times });
  }

  clear(): void {
    this.#planned.clear();
  }

  /** Takes the operation's time, then answers the planned fault or null. */
  async pass(operation: Operation): Promise<{ ok: false; problem: Problem } | null> {
    this.begun.push(operation);
    await this.wait(this.#pace);
    const planned = this.#planned.get(operation);
    if (planned === undefined || planned.times === 0) {
      return null;
    }
    planned.times -= 1;
    if (planned.fault === 'throws') {
      throw new Error(`${operation} threw`);
    }
    return planned.fault === 'hangs' ? new Promise(() => {}) : failure(planned.fault);
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(milliseconds, resolve));
  }
}

/** Runs `work` unless a fault is planned. */
export async function unlessPlanned<Value>(
  faults: Faults,
  operation: Operation,
  work: () => Result<Value> | Promise<Result<Value>>,
): Promise<Result<Value>> {
  return (await faults.pass(operation)) ?? work();
}
