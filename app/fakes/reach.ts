/** The verdicts of a fake engine's reach check: all passed, but for what a test or a scenario breaks. */
import type { Problem } from '../contract/index.ts';
import type { ReachCheck } from '../core/engine-messages.ts';
import { wire } from './wire-problem.ts';

const order: readonly ReachCheck['check'][] = ['interface', 'route', 'firewall', 'resolver', 'service', 'pod'];

export class FakeReach {
  readonly #failures = new Map<ReachCheck['check'], Problem>();
  readonly #listeners = new Set<() => void>();

  /** From now on this check fails so; null: it passes. */
  set(check: ReachCheck['check'], because: Problem | null): void {
    if (because === null) {
      this.#failures.delete(check);
    } else {
      this.#failures.set(check, because);
    }
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  /** Hears of every change; what it returns ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  verdict(subject: string): ReachCheck[] {
    return order.map((check) => {
      const because = this.#failures.get(check);
      return because === undefined
        ? { check, state: 'passed', subject }
        : { check, state: 'failed', subject, problem: wire(because) };
    });
  }
}
