/**
 * Publishes snapshots: a new revision for each change that anybody sees, at most ten a second in the long run, the last one
 * always. What comes after some quiet is told at once, a connect's steps among it: nobody waits for a turn to hear that it is
 * on. Whoever begins to watch hears the present state at once.
 */
import type { Snapshot } from '../contract/index.ts';
import { guarded } from './guarded.ts';
import type { Clock, Log } from './ports.ts';

/** Time for each snapshot in the long run, and the shortest between two, in milliseconds. */
const publishingInterval = 100;
const shortestInterval = 5;

/** How many may come ahead of their time: a connect has some twenty changes. */
const burst = 30;

export interface Publisher {
  /** Something changed. */
  change(): void;
  /** The state as it is now. */
  present(): Snapshot;
  watch(listener: (snapshot: Snapshot) => void): () => void;
  close(): void;
}

export function createPublisher(clock: Clock, log: Log, compose: (revision: number) => Snapshot): Publisher {
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let current: Snapshot | null = null;
  let revision = 0;
  let publishedAt = Number.NEGATIVE_INFINITY;
  /** When the snapshots told so far would all have had their time: a bucket of tokens, kept as one moment. */
  let paidUntil = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const present = (): Snapshot => {
    if (current === null) {
      revision += 1;
      current = compose(revision);
    }
    return current;
  };
  const publish = () => {
    cancel = null;
    publishedAt = clock.now();
    paidUntil = Math.max(paidUntil, publishedAt) + publishingInterval;
    const snapshot = present();
    for (const listener of [...listeners]) {
      guarded(log, 'a listener to snapshots', () => listener(snapshot));
    }
  };
  return {
    change: () => {
      current = null;
      // Always by the timer: several changes in one go are one snapshot, and a listener is never called by surprise.
      const earliest = Math.max(publishedAt + shortestInterval, paidUntil - burst * publishingInterval);
      cancel ??= clock.after(Math.max(earliest - clock.now(), 0), publish);
    },
    present,
    watch: (listener) => {
      listeners.add(listener);
      listener(present());
      return () => {
        listeners.delete(listener);
      };
    },
    close: () => {
      cancel?.();
      if (cancel !== null) {
        publish();
      }
      listeners.clear();
    },
  };
}
