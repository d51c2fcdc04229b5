/**
 * Keeps a list of Kubernetes objects in step with the API server by client-node's informer: lists, watches from that version
 * on, lists again where the version is too old (410). Ours are the pauses after an error, which ends client-node's, and
 * the bound of what is kept.
 */
import type { KubernetesListObject, KubernetesObject as ModelObject, Watch } from '@kubernetes/client-node';
// By itself: the whole of client-node leads to its model classes and to undici, some 20 MiB of a core.
import { ListWatch } from '@kubernetes/client-node/dist/cache.js';
import type { ApiConnection } from './api-connection.ts';
import type { KubernetesObject, ObjectList } from './api-objects.ts';
import { BoundedWatch } from './api-watch.ts';
import { isTooLarge, largestList, tooLarge } from './bounded.ts';
import { ApiRefusal } from './exchange.ts';
import { statusCodeOf } from './refusals.ts';

/** Milliseconds between attempts: doubled from the first to the last, back to the first after a success. */
const firstPause = 500;
const longestPause = 30_000;

/** What follows the whole cluster, or one namespace of it where that is refused. */
export interface NarrowedWatch {
  end(): void;
  isNarrowed(): boolean;
}

export interface InformerHooks<Item extends KubernetesObject> {
  /** An object was added or replaced (`isThere`), or is gone; those of the first list too. */
  told(object: Item, isThere: boolean): void;
  /** The list changed, or is complete for the first time. */
  changed(): void;
  /** Refused with 403, or more than is read: true ends the informer, because asking again is pointless. */
  refused(error: unknown): boolean;
}

export interface InformerOptions {
  /** Of the watch; `list` has its own. */
  readonly labelSelector?: string;
  /** What is kept of each object that comes as an event, where that is not all of it; `list` trims its own. */
  readonly trimmed?: (object: KubernetesObject) => KubernetesObject;
  readonly pauses?: { readonly first: number; readonly longest: number };
}

export interface Informer<Item extends KubernetesObject> {
  objects(): readonly Item[];
  /** True once the list was read whole. */
  readonly complete: boolean;
  end(): void;
}

export function startInformer<Item extends KubernetesObject>(
  connection: ApiConnection,
  path: string,
  list: () => Promise<ObjectList<Item>>,
  hooks: InformerHooks<Item>,
  { labelSelector, trimmed, pauses = { first: firstPause, longest: longestPause } }: InformerOptions = {},
): Informer<Item> {
  const ending = new AbortController();
  const ended = ending.signal;
  const held = new Map<string, number>(); // bytes of objects that came as events, by namespace and name
  let heldBytes = 0;
  let complete = false;
  let pause = pauses.first;

  const hold = (object: KubernetesObject, bytes: number) => {
    const key = keyOf(object);
    heldBytes += bytes - (held.get(key) ?? 0);
    if (bytes === 0) {
      held.delete(key);
    } else {
      held.set(key, bytes);
    }
  };
  const watch = new BoundedWatch(
    connection,
    {
      ...(trimmed === undefined ? {} : { trimmed }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      beginning: () => {
        complete = true;
        hooks.changed();
      },
      event: (object, bytes) => {
        pause = pauses.first;
        if (object.metadata?.name !== undefined) {
          hold(object, bytes);
        }
        if (heldBytes > largestList) {
          throw tooLarge('events', largestList);
        }
      },
    },
    ended,
  );
  const listed = async () => {
    const answer = await list();
    pause = pauses.first;
    held.clear();
    heldBytes = 0;
    // Of the wire's form, with times as text; client-node's informer looks at names and versions only.
    return answer as unknown as KubernetesListObject<ModelObject>;
  };
  // Selectors stay with the watch: the informer would send them through the serializer of all models.
  const source = new ListWatch<ModelObject>(
    path,
    watch as Pick<Watch, 'watch'> as Watch,
    listed,
    false,
    undefined,
    undefined,
    {
      delayFn: (milliseconds) => sleep(Math.min(milliseconds, pauses.longest), ended),
    },
  );
  const tell = (object: ModelObject, isThere: boolean) => {
    if (ended.aborted) {
      return;
    }
    if (!isThere) {
      hold(object as unknown as KubernetesObject, 0);
    }
    try {
      hooks.told(object as unknown as Item, isThere);
    } catch {
      return; // of a shape that nobody foresaw: left out, for client-node's informer would end with it
    }
    if (complete) {
      hooks.changed();
    }
  };
  source.on('add', (object) => tell(object, true));
  source.on('update', (object) => tell(object, true));
  source.on('delete', (object) => tell(object, false));
  source.on('error', (error) => void again(error).catch(() => undefined));
  const again = async (error: unknown) => {
    const code = statusCodeOf(error);
    if (ended.aborted || ((code === 403 || isTooLarge(error)) && hooks.refused(error))) {
      return;
    }
    if (code === 401) {
      await connection.refresh();
    }
    await sleep(Math.max(pause, Math.min(retryAfterOf(error), pauses.longest)), ended);
    pause = Math.min(pause * 2, pauses.longest);
    if (!ended.aborted) {
      await source.start();
    }
  };
  source.start().catch(again);
  return {
    objects: () => source.list() as unknown as readonly Item[],
    get complete() {
      return complete;
    },
    end: () => {
      ending.abort();
      void source.stop();
    },
  };
}

/** Milliseconds that a refused watch asks for; 0 where it asks for none. */
function retryAfterOf(error: unknown): number {
  return error instanceof ApiRefusal ? (error.retryAfter ?? 0) : 0;
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
