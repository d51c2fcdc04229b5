/** Services and pods of a context that is not connected, asked for by hand: a list as it was at one moment, not a stream. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type ContextKey,
  isSameKey,
  type Pod,
  type Problem,
  type Result,
  type Service,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface Listed<Row> {
  readonly context: ContextKey | null;
  readonly state: 'idle' | 'loading' | 'present' | 'failed';
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
  /** Why there is no list. */
  readonly because: Problem | null;
  /** Milliseconds since the epoch: when the rows came. */
  readonly at: number;
}

export interface ListedFeed<Row> {
  readonly store: StoreApi<Listed<Row>>;
  /** Asks the core, which asks the cluster; rows of the same context stay while it is asked again. */
  list(context: ContextKey): Promise<void>;
}

type Ask<Row> = (
  context: ContextKey,
) => Promise<Result<{ readonly rows: readonly Row[]; readonly problems: readonly Problem[] }>>;

const nothing = { context: null, state: 'idle', rows: [], problems: [], because: null, at: 0 } as const;

function createListed<Row>(ask: Ask<Row>, now: () => number): ListedFeed<Row> {
  const store = createStore<Listed<Row>>(() => nothing);
  return {
    store,
    list: async (context) => {
      const old = store.getState();
      store.setState(
        isSameKey(old.context, context)
          ? { state: 'loading', because: null }
          : { ...nothing, context, state: 'loading' },
      );
      const result = await ask(context);
      // Another context may have been asked for in between.
      if (isSameKey(store.getState().context, context)) {
        store.setState(
          result.ok
            ? { state: 'present', rows: result.value.rows, problems: result.value.problems, at: now() }
            : { state: 'failed', rows: [], problems: [], because: result.problem },
        );
      }
    },
  };
}

export function createListedServices(link: HostLink, now: () => number = Date.now): ListedFeed<Service> {
  return createListed(async (context) => {
    const result = await link.call('listServices', { ...context, namespaces: [] });
    return result.ok ? { ok: true, value: { ...result.value, rows: result.value.services } } : result;
  }, now);
}

export function createListedPods(link: HostLink, now: () => number = Date.now): ListedFeed<Pod> {
  return createListed(async (context) => {
    const result = await link.call('listPods', { ...context, namespaces: [] });
    return result.ok ? { ok: true, value: { ...result.value, rows: result.value.pods } } : result;
  }, now);
}
