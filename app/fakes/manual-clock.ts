/** A clock that stands still until a test moves it. Between two timers everything that promises wait for is done. */
import type { Clock } from '../core/ports.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  #pending: Pending[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    this.#order += 1;
    const pending = { at: this.#now + Math.max(milliseconds, 0), order: this.#order, call };
    this.#pending.push(pending);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== pending);
    };
  }

  /** Moves the time on, calling what is due in order. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#now + milliseconds;
    await settled();
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      const due = next;
      this.#pending = this.#pending.filter((other) => other !== due);
      this.#now = due.at;
      due.call();
      await settled();
    }
    this.#now = target;
  }

  /** Moves the time on in steps of 5 ms until the condition holds; throws when it does not within `limit` milliseconds. */
  async until(condition: () => boolean, what: string, limit = 120_000): Promise<void> {
    await settled();
    const end = this.#now + limit;
    while (!condition()) {
      if (this.#now >= end) {
        throw new Error(`not within ${limit} ms of the manual clock: ${what}`);
      }
      await this.advance(5);
    }
  }

  #next(target: number): Pending | undefined {
    return this.#pending
      .filter(({ at }) => at <= target)
      .toSorted((first, second) => first.at - second.at || first.order - second.order)[0];
  }
}

/** Lets every promise that can go on go on. */
export async function settled(): Promise<void> {
  // A turn of the event loop runs all microtasks; two of them also those that a callback of the first one made.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
