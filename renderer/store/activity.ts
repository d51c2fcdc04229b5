/** What happened, newest last, as the core tells it. Bounded: the core keeps the rest. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActivityEntry } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export const entriesKept = 2000;

export interface Activity {
  readonly entries: readonly ActivityEntry[];
  /** False until the core sent what it keeps. */
  readonly isPresent: boolean;
}
export type ActivityStore = StoreApi<Activity>;

export function createActivity(link: HostLink): { store: ActivityStore; stop: () => void } {
  const store = createStore<Activity>(() => ({ entries: [], isPresent: false }));
  const stop = link.subscribe(
    'activity',
    {},
    ({ entries }) => store.setState((state) => ({ entries: withEntries(state.entries, entries), isPresent: true })),
    () => store.setState({ isPresent: false }),
  );
  return { store, stop };
}

/** After a loss the core sends what it keeps again, and another core counts from one: entries are told apart by both. */
export function withEntries(old: readonly ActivityEntry[], more: readonly ActivityEntry[]): readonly ActivityEntry[] {
  const known = new Set(old.map(({ id, at }) => `${id} ${at}`));
  const fresh = more.filter(({ id, at }) => !known.has(`${id} ${at}`));
  return fresh.length === 0 ? old : [...old, ...fresh].slice(-entriesKept);
}
