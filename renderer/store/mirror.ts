/** The core's snapshot as it was pushed, and how the core is reached. Nothing here is ever guessed or changed. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Snapshot } from '../../app/contract/index.ts';
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
