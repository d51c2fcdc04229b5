/** The connections that programs of this laptop have into the cluster, while somebody looks at them. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ContextKey, Flow, FlowsItem, Problem } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface Flows {
  /** Whose they are. */
  readonly context: ContextKey | null;
  /** Idle where nothing is connected; loading until the first came. */
  readonly state: 'idle' | 'loading' | 'present' | 'ended';
  /** In no order. One that did not change is the same object. */
  readonly rows: readonly Flow[];
  /** What was said of all of them last. */
  readonly about: Omit<FlowsItem, 'kind' | 'changed' | 'gone'> | null;
  readonly endedBecause: Problem | null;
}

export interface FlowsFeed {
  readonly store: StoreApi<Flows>;
  follow(context: ContextKey | null): void;
}

const nothing = { rows: [], about: null, endedBecause: null } satisfies Partial<Flows>;

export function createFlows(link: HostLink): FlowsFeed {
  const store = createStore<Flows>(() => ({ context: null, state: 'idle', ...nothing }));
  let stop: (() => void) | null = null;
  return {
    store,
    follow: (context) => {
      stop?.();
      stop = null;
      store.setState({ context, state: context === null ? 'idle' : 'loading', ...nothing });
      if (context === null) {
        return;
      }
      const byId = new Map<number, Flow>();
      stop = link.subscribe(
        'flows',
        context,
        ({ kind, changed, gone, ...about }) => {
          if (kind === 'all') {
            byId.clear();
          }
          for (const id of gone) {
            byId.delete(id);
          }
          for (const flow of changed) {
            byId.set(flow.id, flow);
          }
          store.setState({ state: 'present', rows: [...byId.values()], about, endedBecause: null });
        },
        (because) => store.setState({ state: 'ended', ...nothing, endedBecause: because }),
      );
    },
  };
}
