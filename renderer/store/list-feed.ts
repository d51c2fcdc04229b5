/**
 * What the context that is connected has by namespace and name (its Services, its pods), fed by a stream. What comes close
 * together is applied at once, and a row that did not change keeps its identity, so that a table of ten thousand draws only
 * what moved.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type ContextKey, compareServiceKeys, type Problem, type ServiceKey } from '../../app/contract/index.ts';
import { pacedFrames } from './frames.ts';

export interface Listing<Row> {
  readonly context: ContextKey | null;
  /** Idle where nothing is connected; loading until the first list came. */
  readonly state: 'idle' | 'loading' | 'present' | 'ended';
  /** By namespace, then by name. */
  readonly rows: readonly Row[];
  /** Namespaces that have a row, in order. The same array as long as the set is the same. */
  readonly namespaces: readonly string[];
  /** What is not seen, and why (a namespace without rights, say). */
  readonly problems: readonly Problem[];
  readonly endedBecause: Problem | null;
  /** Rises with every change. */
  readonly revision: number;
}

/** How many there are; null where nobody knows: nothing came yet, or what came is nothing because nothing may be listed. */
export function knownCount({ state, rows, problems }: Listing<unknown>): number | null {
  return state === 'present' && (rows.length > 0 || problems.length === 0) ? rows.length : null;
}

export interface ListFeed<Row> {
  readonly store: StoreApi<Listing<Row>>;
  follow(context: ContextKey | null): void;
  find(key: ServiceKey): Row | null;
}

/** The whole list, or what changed of it. */
export type ListChange<Row> =
  | { readonly kind: 'all'; readonly rows: readonly Row[]; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'changes';
      readonly changed: readonly Row[];
      readonly removed: readonly ServiceKey[];
      readonly problems: readonly Problem[];
    };

/** Subscribes; answers what ends it. */
export type Subscribe<Row> = (
  context: ContextKey,
  listener: (change: ListChange<Row>) => void,
  ended: (because: Problem | null) => void,
) => () => void;

/** Milliseconds between two changes of the list: putting ten thousand rows in order takes as long as several frames. */
const pace = 200;

export const serviceKey = ({ namespace, name }: ServiceKey): string => `${namespace}/${name}`;

const empty = {
  rows: [],
  namespaces: [],
  problems: [],
  endedBecause: null,
} satisfies Partial<Listing<never>>;

export function createListFeed<Row extends ServiceKey & { readonly createdAt: number }>(
  subscribe: Subscribe<Row>,
  /** The row as it is now, of the parts that it had where they are the same. */
  withPartsOf: (old: Row, now: Row) => Row,
  /** Calls back before the next frame. */
  schedule: (callback: () => void) => void = pacedFrames(pace),
): ListFeed<Row> {
  const store = createStore<Listing<Row>>(() => ({ context: null, state: 'idle', ...empty, revision: 0 }));
  const byKey = new Map<string, Row>();
  /** Where each row stands, so that a change costs what changed and not what is there. */
  const places = new Map<string, number>();
  let waiting: ListChange<Row>[] = [];
  let isAsked = false;
  let stop: (() => void) | null = null;
  let epoch = 0;

  /** True where a row came; `changed` gathers the rows that only changed. */
  function take(row: Row, changed: Row[]): boolean {
    const key = serviceKey(row);
    const old = byKey.get(key);
    if (old !== undefined && isEqual(old, row)) {
      return false;
    }
    const kept = old === undefined ? row : withPartsOf(old, row);
    byKey.set(key, kept);
    changed.push(kept);
    return old === undefined;
  }

  function ordered(): readonly Row[] {
    const rows = [...byKey.values()].sort(compareServiceKeys);
    places.clear();
    rows.forEach((row, place) => {
      places.set(serviceKey(row), place);
    });
    return rows;
  }

  function replaced(old: readonly Row[], changed: readonly Row[]): readonly Row[] {
    const rows = [...old];
    for (const row of changed) {
      const place = places.get(serviceKey(row));
      if (place !== undefined) {
        rows[place] = row;
      }
    }
    return rows;
  }

  function apply(): void {
    isAsked = false;
    const items = waiting;
    waiting = [];
    if (items.length === 0) {
      return;
    }
    let problems = store.getState().problems;
    let isMoved = false;
    const changed: Row[] = [];
    for (const item of items) {
      problems = item.problems;
      if (item.kind === 'all') {
        isMoved = true;
        const kept = new Set(item.rows.map(serviceKey));
        for (const key of [...byKey.keys()]) {
          if (!kept.has(key)) {
            byKey.delete(key);
          }
        }
        for (const row of item.rows) {
          take(row, changed);
        }
      } else {
        for (const key of item.removed) {
          isMoved = byKey.delete(serviceKey(key)) || isMoved;
        }
        for (const row of item.changed) {
          isMoved = take(row, changed) || isMoved;
        }
      }
    }
    const old = store.getState();
    const rows = isMoved ? ordered() : replaced(old.rows, changed);
    store.setState({
      state: 'present',
      rows,
      namespaces: isMoved
        ? sameWhereEqual(old.namespaces, [...new Set(rows.map((row) => row.namespace))])
        : old.namespaces,
      problems,
      revision: old.revision + 1,
    });
  }

  return {
    store,
    find: (key) => byKey.get(serviceKey(key)) ?? null,
    follow: (context) => {
      stop?.();
      stop = null;
      waiting = [];
      byKey.clear();
      const own = ++epoch;
      const { revision } = store.getState();
      store.setState({ context, state: context === null ? 'idle' : 'loading', ...empty, revision: revision + 1 });
      if (context === null) {
        return;
      }
      stop = subscribe(
        context,
        (item) => {
          if (own !== epoch) {
            return;
          }
          // Whatever waited is overtaken by a whole list.
          waiting = item.kind === 'all' ? [item] : [...waiting, item];
          if (!isAsked) {
            isAsked = true;
            schedule(apply);
          }
        },
        (because) => {
          if (own === epoch) {
            store.setState({ state: 'ended', endedBecause: because });
          }
        },
      );
    },
  };
}

function sameWhereEqual(old: readonly string[], next: readonly string[]): readonly string[] {
  return old.length === next.length && old.every((value, index) => value === next[index]) ? old : next;
}

function isEqual<Row extends { readonly createdAt: number }>(left: Row, right: Row): boolean {
  return left.createdAt === right.createdAt && JSON.stringify(left) === JSON.stringify(right);
}

/** What was there where it is the same. */
export function same<Part>(before: Part, after: Part): Part {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
