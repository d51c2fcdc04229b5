/** Contexts and settings: asked for again whenever the snapshot says that they changed. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type Context,
  type ContextKey,
  isSameKey,
  type Problem,
  type Result,
  type Settings,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import type { MirrorStore } from './mirror.ts';

export interface Contexts {
  readonly state: 'loading' | 'present' | 'failed';
  readonly contexts: readonly Context[];
  /** Files that could not be read, say. */
  readonly problems: readonly Problem[];
}
export type ContextsStore = StoreApi<Contexts>;

export interface SettingsState {
  /** Null until the core told them. */
  readonly settings: Settings | null;
  readonly problem: Problem | null;
}
export type SettingsStore = StoreApi<SettingsState>;

export const contextKey = ({ name, file }: Context): ContextKey => ({ context: name, file });

export function findContext(contexts: readonly Context[], key: ContextKey | null): Context | null {
  return contexts.find((context) => isSameKey(contextKey(context), key)) ?? null;
}

export function createContexts(link: HostLink, mirror: MirrorStore): { store: ContextsStore; stop: () => void } {
  const store = createStore<Contexts>(() => ({ state: 'loading', contexts: [], problems: [] }));
  const load = () =>
    link.call('listContexts', {}).then((result) => {
      if (result.ok) {
        store.setState({ state: 'present', ...result.value });
      } else {
        store.setState((old) => ({ ...old, state: 'failed', problems: [result.problem] }));
      }
    });
  return { store, stop: onRevision(mirror, 'contextsRevision', load) };
}

export interface SettingsFeed {
  readonly store: SettingsStore;
  /** Changes settings in the core; shown at once, and as the core answers after that. */
  change(change: Partial<Settings>): Promise<Result<Settings>>;
  readonly stop: () => void;
}

export function createSettings(link: HostLink, mirror: MirrorStore): SettingsFeed {
  const store = createStore<SettingsState>(() => ({ settings: null, problem: null }));
  const take = (result: Result<Settings>) => {
    if (result.ok) {
      store.setState({ settings: result.value, problem: null });
    } else {
      store.setState({ problem: result.problem });
    }
    return result;
  };
  const load = () => link.call('getSettings', {}).then(take);
  return {
    store,
    stop: onRevision(mirror, 'settingsRevision', load),
    change: async (change) => {
      const { settings } = store.getState();
      if (settings !== null) {
        store.setState({ settings: { ...settings, ...change } });
      }
      const result = take(await link.call('changeSettings', change));
      if (!result.ok) {
        store.setState({ settings });
      }
      return result;
    },
  };
}

/** Loads at the first snapshot, when the revision changed, and when another core answers. */
function onRevision(
  mirror: MirrorStore,
  name: 'contextsRevision' | 'settingsRevision',
  load: () => Promise<unknown>,
): () => void {
  let seen = '';
  const look = () => {
    const { snapshot, link } = mirror.getState();
    if (snapshot !== null && link.kind === 'live') {
      const present = `${snapshot.processId} ${snapshot[name]}`;
      if (present !== seen) {
        seen = present;
        void load();
      }
    }
  };
  look();
  return mirror.subscribe(look);
}
