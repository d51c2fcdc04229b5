/** A store of the activity without a file. It outlives the core, as a file does. */
import { type ActivityEntry, type Result, success } from '../contract/index.ts';
import type { ActivityStorePort } from '../core/ports.ts';

export class FakeActivityStore implements ActivityStorePort {
  readonly #kept: ActivityEntry[];

  /** With another store: opens the same one again. */
  constructor(again?: FakeActivityStore) {
    this.#kept = again === undefined ? [] : again.#kept;
  }

  async read(): Promise<ActivityEntry[]> {
    return structuredClone(this.#kept);
  }

  async append(entries: readonly ActivityEntry[]): Promise<Result<null>> {
    this.#kept.push(...structuredClone(entries));
    return success(null);
  }
}
