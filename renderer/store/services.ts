/**
 * The Services of the context that is connected, fed by the stream. What comes close together is applied at once, and
 * a row that did not change keeps its identity, so that a table of ten thousand draws only what moved.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type ContextKey,
  compareServiceKeys,
  type Problem,
  type Service,
  type ServiceKey,
  type ServicesItem,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import { pacedFrames } from './frames.ts';

export interface Services {
  readonly context: ContextKey | null;
  /** Idle where nothing is connected; loading until the first list came. */
  readonly state: 'idle' | 'loading' | 'present' | 'ended';
  /** By namespace, then by name. */
  readonly rows: readonly Service[];
  /** Namespaces that have a Service, in order. The same array as long as the set is the same. */
  readonly namespaces: readonly string[];
  /** What is not seen, and why (a namespace without rights, say). */
  readonly problems: readonly Problem[];
  readonly endedBecause: Problem | null;
  /** Rises with every change. */
  readonly revision: number;
}
export type ServicesStore = StoreApi<Services>;

export interface ServicesFeed {
  readonly store: ServicesStore;
  follow(context: ContextKey | null): void;
  find(key: ServiceKey): Service | null;
}

/** Milliseconds between two changes of the list: putting ten thousand rows in order takes as long as several frames. */
const pace = 200;

export const serviceKey = ({ namespace, name }: ServiceKey): string => `${namespace}/${name}`;

const empty = {
  rows: [],
  namespaces: [],
  problems: [],
  endedBecause: null,
} satisfies Partial<Services>;

export function createServices(
  link: HostLink,
  /** Calls back before the next frame. */
  schedule: (callback: () => void) => void = pacedFrames(pace),
): ServicesFeed {
  const store = createStore<Services>(() => ({ context: null, state: 'idle', ...empty, revision: 0 }));
  const byKey = new Map<string, Service>();
  /** Where each row stands, so that a change costs what changed and not what is there. */
  const places = new Map<string, number>();
  let waiting: ServicesItem[] = [];
  let isAsked = false;
  let stop: (() => void) | null = null;
  let epoch = 0;

  /** True where a row came; `changed` gathers the rows that only changed. */
  function take(service: Service, changed: Service[]): boolean {
    const key = serviceKey(service);
    const old = byKey.get(key);
    if (old !== undefined && isEqual(old, service)) {
      return false;
    }
    const kept = old === undefined ? service : withPartsOf(old, service);
    byKey.set(key, kept);
    changed.push(kept);
    return old === undefined;
  }

  function ordered(): readonly Service[] {
    const rows = [...byKey.values()].sort(compareServiceKeys);
    places.clear();
    rows.forEach((row, place) => {
      places.set(serviceKey(row), place);
    });
    return rows;
  }

  function replaced(old: readonly Service[], changed: readonly Service[]): readonly Service[] {
    const rows = [...old];
    for (const service of changed) {
      const place = places.get(serviceKey(service));
      if (place !== undefined) {
        rows[place] = service;
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
    const changed: Service[] = [];
    for (const item of items) {
      problems = item.problems;
      if (item.kind === 'all') {
        isMoved = true;
        const kept = new Set(item.services.map(serviceKey));
        for (const key of [...byKey.keys()]) {
          if (!kept.has(key)) {
            byKey.delete(key);
          }
        }
        for (const service of item.services) {
          take(service, changed);
        }
      } else {
        for (const key of item.removed) {
          isMoved = byKey.delete(serviceKey(key)) || isMoved;
        }
        for (const service of item.changed) {
          isMoved = take(service, changed) || isMoved;
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
      stop = link.subscribe(
        'services',
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

function isEqual(left: Service, right: Service): boolean {
  return left.createdAt === right.createdAt && JSON.stringify(left) === JSON.stringify(right);
}

/** The Service as it is now, of the parts that it had where they are the same: a change of one endpoint is one object. */
function withPartsOf(old: Service, now: Service): Service {
  const same = <Part>(before: Part, after: Part): Part =>
    JSON.stringify(before) === JSON.stringify(after) ? before : after;
  return {
    ...now,
    namespace: old.namespace,
    name: old.name,
    addresses: same(old.addresses, now.addresses),
    ports: same(old.ports, now.ports),
    labels: same(old.labels, now.labels),
    endpoints: now.endpoints.map((endpoint, place) => {
      const before = old.endpoints[place];
      return before === undefined ? endpoint : same(before, endpoint);
    }),
  };
}
