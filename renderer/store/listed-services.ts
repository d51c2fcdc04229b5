/** Services of a context that is not connected, asked for by hand: a list as it was at one moment, not a stream. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type ContextKey, isSameKey, type Problem, type Service } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface ListedServices {
  readonly context: ContextKey | null;
  readonly state: 'idle' | 'loading' | 'present' | 'failed';
  readonly rows: readonly Service[];
  readonly problems: readonly Problem[];
  /** Why there is no list. */
  readonly because: Problem | null;
  /** Milliseconds since the epoch: when the rows came. */
  readonly at: number;
}
export type ListedServicesStore = StoreApi<ListedServices>;

export interface ListedServicesFeed {
  readonly store: ListedServicesStore;
  /** Asks the core, which asks the cluster; rows of the same context stay while it is asked again. */
  list(context: ContextKey): Promise<void>;
}

const nothing: ListedServices = { context: null, state: 'idle', rows: [], problems: [], because: null, at: 0 };

export function createListedServices(link: HostLink, now: () => number = Date.now): ListedServicesFeed {
  const store = createStore<ListedServices>(() => nothing);
  return {
    store,
    list: async (context) => {
      const old = store.getState();
      store.setState(
        isSameKey(old.context, context)
          ? { state: 'loading', because: null }
          : { ...nothing, context, state: 'loading' },
      );
      const result = await link.call('listServices', { ...context, namespaces: [] });
      // Another context may have been asked for in between.
      if (isSameKey(store.getState().context, context)) {
        store.setState(
          result.ok
            ? { state: 'present', rows: result.value.services, problems: result.value.problems, at: now() }
            : { state: 'failed', rows: [], problems: [], because: result.problem },
        );
      }
    },
  };
}
