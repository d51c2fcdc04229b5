/**
 * What is watched of an open cluster: its catalogue always, its pods only while somebody looks. Ten thousand of them
 * change all the time, and nothing of a connection needs them.
 */
import type { Known, KnownNames } from '../naming/names.ts';
import type { Catalogue, Clock, ClusterPort, PodList } from '../ports.ts';

export interface ClusterWatches {
  /** The cluster that is open from now on, which it answers; null: it was closed. */
  open<Opened extends ClusterPort | null>(cluster: Opened): Opened;
  /** Follows its catalogue. */
  follow(seen: (catalogue: Catalogue) => void): void;
  /** Null before it is known. */
  catalogue(): Catalogue | null;
  /** Waits until it is known: a connection is up before thousands of Services were read. Null where that takes too long. */
  first(): Promise<Catalogue | null>;
  /** What the open cluster said of names before its catalogue. */
  learnt(names: KnownNames): void;
  known(): Known;
  readonly pods: {
    /** Somebody looks until what it answers is called. */
    hold(): () => void;
    /** Null before they are known, and while nobody looks. */
    list(): PodList | null;
  };
}

/** Whoever goes to another page and comes back finds the list as it is. Milliseconds. */
const linger = 30_000;

/** How long whoever asks for the catalogue waits for the first one. Milliseconds. */
const firstWait = 10_000;

/** `changed` is called for pods; the catalogue's listener does what its changes need. */
export function createClusterWatches(clock: Clock, changed: () => void): ClusterWatches {
  let cluster: ClusterPort | null = null;
  let catalogue: Catalogue | null = null;
  let names: KnownNames | null = null;
  let unwatch: () => void = () => {};
  let pods: PodList | null = null;
  let unwatchPods: (() => void) | null = null;
  let lookers = 0;
  let cancel: () => void = () => {};
  const waiting = new Set<() => void>();

  const endWaits = () => {
    for (const settle of [...waiting]) {
      settle();
    }
  };
  const endPods = () => {
    unwatchPods?.();
    unwatchPods = null;
    pods = null;
  };
  const beginPods = () => {
    const watched = cluster;
    if (watched !== null && unwatchPods === null && lookers > 0) {
      unwatchPods = watched.watchPods((next) => {
        if (watched === cluster) {
          pods = next;
          changed();
        }
      });
    }
  };
  return {
    open: (opened) => {
      unwatch();
      unwatch = () => {};
      if (opened !== cluster) {
        endPods();
        catalogue = null;
        names = null;
        endWaits();
      }
      cluster = opened;
      beginPods();
      return opened;
    },
    follow: (seen) => {
      const watched = cluster;
      unwatch();
      unwatch =
        watched?.watchCatalogue((next) => {
          if (watched === cluster) {
            catalogue = next;
            seen(next);
            endWaits();
          }
        }) ?? (() => {});
    },
    catalogue: () => catalogue,
    learnt: (said) => {
      names = said;
    },
    known: () => ({ catalogue, names }),
    first: () =>
      new Promise((resolve) => {
        const settle = () => {
          waiting.delete(settle);
          cancelWait();
          resolve(catalogue);
        };
        const cancelWait = clock.after(firstWait, settle);
        waiting.add(settle);
        if (catalogue !== null || cluster === null) {
          settle();
        }
      }),
    pods: {
      hold: () => {
        let isHeld = true;
        lookers += 1;
        cancel();
        beginPods();
        return () => {
          if (isHeld) {
            isHeld = false;
            lookers -= 1;
            cancel = lookers === 0 ? clock.after(linger, endPods) : cancel;
          }
        };
      },
      list: () => pods,
    },
  };
}
