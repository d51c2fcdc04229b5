/** Traffic and round trip of the connection: the last two minutes of samples, and rates made of two neighbours. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ContextKey, Counters } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

/** One sample a second. */
export const samplesKept = 120;

export interface Sample {
  readonly at: number;
  /** Bytes a second since the sample before; 0 for the first. */
  readonly up: number;
  readonly down: number;
  readonly roundTripMicroseconds: number;
}
export interface CountersState {
  readonly latest: Counters | null;
  /** Oldest first. */
  readonly samples: readonly Sample[];
}
export type CountersStore = StoreApi<CountersState>;

export interface CountersFeed {
  readonly store: CountersStore;
  follow(context: ContextKey | null): void;
}

export function createCounters(link: HostLink): CountersFeed {
  const store = createStore<CountersState>(() => ({ latest: null, samples: [] }));
  let stop: (() => void) | null = null;
  return {
    store,
    follow: (context) => {
      stop?.();
      stop = null;
      store.setState({ latest: null, samples: [] });
      if (context !== null) {
        stop = link.subscribe(
          'counters',
          context,
          (counters) => store.setState((state) => withSample(state, counters)),
          () => {},
        );
      }
    },
  };
}

export function withSample(state: CountersState, counters: Counters): CountersState {
  const before = state.latest;
  const seconds = before === null ? 0 : (counters.at - before.at) / 1000;
  // Totals that fell belong to a new connection: no rate can be told of the two.
  const rate = (now: number, then: number) => (seconds > 0 && now >= then ? (now - then) / seconds : 0);
  const sample: Sample = {
    at: counters.at,
    up: rate(counters.bytesUp, before?.bytesUp ?? 0),
    down: rate(counters.bytesDown, before?.bytesDown ?? 0),
    roundTripMicroseconds: counters.roundTripMicroseconds,
  };
  return { latest: counters, samples: [...state.samples.slice(1 - samplesKept), sample] };
}

/** The value under which `share` (0 to 1) of the samples lie; null without samples. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
