/**
 * Keeps a list of Kubernetes objects in step with the API server: client-node's ListWatch (list, watch from that
 * version, list again after 410), started again with growing pauses when it gave up. It never gives up by itself.
 */
import { type KubernetesListObject, type KubernetesObject, ListWatch } from '@kubernetes/client-node';
import type { ApiConnection } from './api-connection.ts';
import { ApiWatch } from './api-watch.ts';
import { statusCodeOf } from './problems.ts';

/** Milliseconds between attempts: doubled from the first to the last, back to the first after a success. */
const firstPause = 500;
const longestPause = 30_000;

export interface InformerHooks<Item> {
  /** An object was added or replaced (`isThere`), or is gone; those of the first list too. */
  told(object: Item, isThere: boolean): void;
  /** The list changed, or is complete for the first time. */
  changed(): void;
  /** Refused with 403: true ends the informer, because asking again is pointless. */
  refused(error: unknown): boolean;
}

export interface Informer {
  objects(): readonly KubernetesObject[];
  /** True once the list was read whole. */
  readonly complete: boolean;
  end(): void;
}

export function startInformer<Item extends KubernetesObject>(
  connection: ApiConnection,
  path: string,
  list: () => Promise<KubernetesListObject<Item>>,
  hooks: InformerHooks<Item>,
  pauses: { readonly first: number; readonly longest: number } = { first: firstPause, longest: longestPause },
): Informer {
  let ended = false;
  let complete = false;
  let pause = pauses.first;
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    if (!ended) {
      hooks.changed();
    }
  };
  const listing = async () => {
    const answer = await list();
    pause = pauses.first;
    // ListWatch takes the items over after this returns.
    setImmediate(() => {
      complete = true;
      changed();
    });
    return answer;
  };
  // Bookmarks keep the version young while nothing changes, so that a reconnect seldom meets 410 (KEP-956).
  const watching = new ListWatch<Item>(
    `${path}?allowWatchBookmarks=true`,
    new ApiWatch(connection.config),
    listing,
    false,
  );
  const start = () => {
    watching.start().catch(failed);
  };
  const failed = async (error: unknown) => {
    if (ended) {
      return;
    }
    const code = statusCodeOf(error);
    if (code === 403 && hooks.refused(error)) {
      end();
      return;
    }
    if (code === 401) {
      await connection.refresh();
    }
    if (!ended) {
      timer = setTimeout(start, pause);
      pause = Math.min(pause * 2, pauses.longest);
    }
  };
  const end = () => {
    ended = true;
    clearTimeout(timer);
    watching.stop().catch(() => undefined);
  };
  watching.on('error', failed);
  for (const verb of ['add', 'update', 'delete'] as const) {
    watching.on(verb, (object) => {
      if (ended) {
        return;
      }
      hooks.told(object, verb !== 'delete');
      pause = pauses.first;
      if (complete) {
        changed();
      }
    });
  }
  start();
  return {
    objects: () => watching.list(),
    get complete() {
      return complete;
    },
    end,
  };
}
