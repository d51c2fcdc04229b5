/** Keeps a defect where it is: one listener or effect that throws must not keep the next from being called. */
import type { Log } from './ports.ts';

export function guarded(log: Log, what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.warning('a defect: an exception was caught', { what, cause });
  }
}
