/**
 * Brings what a source has new to one subscriber: at once where nothing was sent lately, else gathered, at most ten
 * items a second, and nothing while the subscriber is paused. A source remembers what was told last and tells the
 * difference, so a slow subscriber costs no memory: what it misses is gathered by never having been made.
 */
import type { Clock } from '../ports.ts';

/** Shortest time between two items of one subscription, in milliseconds. */
const itemInterval = 100;

export interface Source<Item> {
  /** What the subscriber has not heard yet; null where that is nothing. `more`: there is more than fits into one item. */
  next(): { readonly item: Item; readonly more: boolean } | null;
}

export interface Pump {
  /** The source may have something new. */
  changed(): void;
  pause(): void;
  resume(): void;
  end(): void;
}

export function startPump<Item>(clock: Clock, source: Source<Item>, listener: (item: Item) => void): Pump {
  let sentAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let isPaused = false;
  let isOver = false;

  const send = () => {
    cancel = null;
    if (isPaused || isOver) {
      return;
    }
    const next = source.next();
    if (next === null) {
      return;
    }
    sentAt = clock.now();
    if (next.more) {
      changed();
    }
    listener(next.item);
  };
  const changed = () => {
    if (!isPaused && !isOver) {
      cancel ??= clock.after(Math.max(sentAt + itemInterval - clock.now(), 0), send);
    }
  };
  return {
    changed,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      changed();
    },
    end: () => {
      isOver = true;
      cancel?.();
    },
  };
}
