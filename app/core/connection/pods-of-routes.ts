/** Pods are watched while another network has their range: then each of them has a route of its own. */
import type { Catalogue, Clock } from '../ports.ts';
import { type ClusterWatches, createClusterWatches } from './cluster-watches.ts';
import { isInForce } from './outcome.ts';
import { createOutgrown } from './outgrown.ts';
import type { ConnectionEvent, ConnectionState } from './state.ts';

/** The watches of a cluster. `catalogueSeen` is for each catalogue, and is called where routes go by the pods and those changed. */
export function watchCluster(
  clock: Clock,
  changed: () => void,
  state: () => ConnectionState,
  dispatch: (event: ConnectionEvent) => void,
) {
  const outgrown = createOutgrown(clock, () => dispatch({ kind: 'rangesOutgrown' }));
  const catalogueSeen = ({ problems }: Pick<Catalogue, 'problems'>) => {
    dispatch({ kind: 'catalogueSeen', problems });
    outgrown.look(state(), watches.catalogue());
  };
  const watches: ClusterWatches = createClusterWatches(clock, () => {
    changed();
    if (pods.isWatching()) {
      catalogueSeen(watches.catalogue() ?? { problems: [] });
    }
  });
  const pods = createPodsOfRoutes(watches.pods);
  return { watches, pods, catalogueSeen };
}

interface PodsOfRoutes {
  /** Watches from now on where the routes of a connection need it, and no longer where they do not. */
  follow(state: ConnectionState): void;
  isWatching(): boolean;
  /** Those that are known; none while nothing is watched. */
  addresses(): readonly string[];
}

function createPodsOfRoutes(pods: ClusterWatches['pods']): PodsOfRoutes {
  let release: (() => void) | null = null;
  return {
    follow: (state) => {
      const isNeeded =
        isInForce(state) &&
        state.live.routes.some(({ decision, kind }) => decision === 'narrowed' && kind !== 'services');
      if (isNeeded) {
        release ??= pods.hold();
      } else {
        release?.();
        release = null;
      }
    },
    isWatching: () => release !== null,
    // A pod in its node's network has the node's address, and what ended has left its own to others.
    addresses: () =>
      release === null
        ? []
        : (pods.list()?.pods ?? [])
            .filter(({ hostNetwork, health }) => !hostNetwork && health !== 'done')
            .flatMap(({ addresses }) => addresses),
  };
}
