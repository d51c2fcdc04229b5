/** The core's snapshot as it was pushed, and how the core is reached. Nothing here is ever guessed or changed. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Connection, ContextKey, Snapshot } from '../../app/contract/index.ts';
import type { HostLink, LinkState } from '../host/host.ts';

export interface Mirror {
  readonly link: LinkState;
  /** The last one that came; null before the first. While the link is lost it is what was true at `heardAt`. */
  readonly snapshot: Snapshot | null;
  readonly heardAt: number;
}
export type MirrorStore = StoreApi<Mirror>;

/** Returns the store and what ends its watching. */
export function createMirror(link: HostLink, now: () => number = Date.now): { store: MirrorStore; stop: () => void } {
  const store = createStore<Mirror>(() => ({ link: { kind: 'connecting' }, snapshot: null, heardAt: 0 }));
  const ends = [
    link.watchState((state) => store.setState({ link: state })),
    link.watch((snapshot) => store.setState({ snapshot, heardAt: now() })),
  ];
  return {
    store,
    stop: () => {
      for (const end of ends) {
        end();
      }
    },
  };
}

export const isSameKey = (left: ContextKey | null, right: ContextKey | null): boolean =>
  left?.context === right?.context && left?.file === right?.file;

export const keyText = ({ context, file }: ContextKey): string => `${file}\n${context}`;

/** The connection of a context; null where the core has none, which is as good as off. */
export function connectionOf(snapshot: Snapshot | null, key: ContextKey | null): Connection | null {
  return snapshot?.connections.find(({ cluster }) => isSameKey(cluster, key)) ?? null;
}

/** The one connection that is not off; null where everything is off. */
export function activeConnection(snapshot: Snapshot | null): Connection | null {
  return snapshot?.connections.find(({ phase }) => phase !== 'off') ?? null;
}
