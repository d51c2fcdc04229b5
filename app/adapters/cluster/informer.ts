/**
 * Keeps a list of Kubernetes objects in step with the API server: lists, watches from that version on, lists again
 * where the version is too old (410). After an error it tries again with growing pauses and never gives up by itself.
 */
import type { ApiConnection } from './api-connection.ts';
import type { KubernetesObject, ObjectList } from './api-objects.ts';
import { type WatchEvent, watchObjects } from './api-watch.ts';
import { statusCodeOf } from './problems.ts';

/** Milliseconds between attempts: doubled from the first to the last, back to the first after a success. */
const firstPause = 500;
const longestPause = 30_000;

export interface InformerHooks {
  /** An object was added or replaced (`isThere`), or is gone; those of the first list too. */
  told(object: KubernetesObject, isThere: boolean): void;
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

export function startInformer(
  connection: ApiConnection,
  path: string,
  list: () => Promise<ObjectList<KubernetesObject>>,
  hooks: InformerHooks,
  pauses: { readonly first: number; readonly longest: number } = { first: firstPause, longest: longestPause },
): Informer {
  const ending = new AbortController();
  const ended = ending.signal;
  const objects = new Map<string, KubernetesObject>(); // by namespace and name
  let version = '';
  let complete = false;
  let pause = pauses.first;

  const take = ({ metadata, items }: ObjectList<KubernetesObject>) => {
    const before = new Map(objects);
    objects.clear();
    for (const item of items) {
      const key = keyOf(item);
      before.delete(key);
      objects.set(key, item);
      hooks.told(item, true);
    }
    for (const gone of before.values()) {
      hooks.told(gone, false);
    }
    version = metadata?.resourceVersion ?? '';
    complete = true;
    pause = pauses.first;
    hooks.changed();
  };
  const hear = (event: WatchEvent, object: KubernetesObject) => {
    pause = pauses.first;
    version = object.metadata?.resourceVersion ?? version;
    if (event === 'BOOKMARK') {
      return;
    }
    const key = keyOf(object);
    if (event === 'DELETED') {
      objects.delete(key);
    } else {
      objects.set(key, object);
    }
    hooks.told(object, event !== 'DELETED');
    hooks.changed();
  };
  const follow = async () => {
    if (version === '') {
      const answer = await list();
      if (!ended.aborted) {
        take(answer);
      }
    }
    if (!ended.aborted) {
      // Bookmarks keep the version young while nothing changes, so that a reconnect seldom meets 410 (KEP-956).
      const query = { allowWatchBookmarks: 'true', resourceVersion: version };
      const began = performance.now();
      await watchObjects(connection, path, query, hear, ended);
      if (performance.now() - began < pauses.first) {
        await wait(); // a server that ends each watch at once
      }
    }
  };
  const wait = async () => {
    await sleep(pause, ended);
    pause = Math.min(pause * 2, pauses.longest);
  };
  const run = async () => {
    while (!ended.aborted) {
      try {
        await follow();
      } catch (error) {
        const code = statusCodeOf(error);
        if (ended.aborted || (code === 403 && hooks.refused(error))) {
          return;
        }
        if (code === 410) {
          version = '';
        } else {
          if (code === 401) {
            await connection.refresh();
          }
          await wait();
        }
      }
    }
  };
  void run();
  return {
    objects: () => [...objects.values()],
    get complete() {
      return complete;
    },
    end: () => ending.abort(),
  };
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** Milliseconds, or less where it is ended. */
function sleep(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ended.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
