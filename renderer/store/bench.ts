/** A measurement of one connection: begun by a word, and by nothing else. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type BenchItem,
  benchSecondsUsual,
  type ContextKey,
  cause,
  type Problem,
  problem,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface Bench {
  /** Whose connection is, or was last, measured. */
  readonly context: ContextKey | null;
  readonly state: 'idle' | 'measuring' | 'done' | 'failed' | 'cancelled';
  /** What was said last; null before the first. */
  readonly said: BenchItem | null;
  readonly problem: Problem | null;
  /** When it ended, in milliseconds since the epoch. */
  readonly endedAt: number | null;
}

export interface BenchFeed {
  readonly store: StoreApi<Bench>;
  /** One that is under way ends with it. */
  start(context: ContextKey): void;
  cancel(): void;
  stop(): void;
}

export function createBench(link: HostLink, now: () => number = Date.now): BenchFeed {
  const store = createStore<Bench>(() => ({
    ...{ context: null, state: 'idle', said: null, problem: null, endedAt: null },
  }));
  let unsubscribe: (() => void) | null = null;
  const end = (state: 'done' | 'failed' | 'cancelled', because: Problem | null) => {
    unsubscribe?.();
    unsubscribe = null;
    store.setState({ state, problem: because, endedAt: now() });
  };
  // The link subscribes again by itself once it is back: that would begin another one, which nobody asked for.
  const unwatch = link.watchState(({ kind }) => {
    if (kind !== 'live' && unsubscribe !== null) {
      end('failed', problem('core-unreachable', cause('benchBroken', { reason: cause('ended') })));
    }
  });
  return {
    store,
    start: (context) => {
      unsubscribe?.();
      store.setState({ context, state: 'measuring', said: null, problem: null, endedAt: null });
      unsubscribe = link.subscribe(
        'bench',
        { ...context, seconds: benchSecondsUsual },
        (said) => {
          store.setState({ said });
          if (said.state !== 'measuring') {
            // Not within the call that made the subscription: there is nothing to end yet.
            queueMicrotask(() => end(said.state === 'done' ? 'done' : 'failed', said.problem));
          }
        },
        (because) => end('failed', because),
      );
    },
    cancel: () => {
      if (unsubscribe !== null) {
        end('cancelled', null);
      }
    },
    stop: () => {
      unsubscribe?.();
      unsubscribe = null;
      unwatch();
    },
  };
}
