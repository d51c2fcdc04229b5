/**
 * What client-node's informer watches by, over our own connection (ADR 10): the same pool, act-as fields, proxies and
 * refusals as requests have, lines of bounded length, and only events whose objects have what everything that follows relies on.
 */
import type { Watch } from '@kubernetes/client-node';
import { z } from 'zod';
import { anySignal } from './any-signal.ts';
import type { ApiConnection, Query } from './api-connection.ts';
import { isNamed, type KubernetesObject } from './api-objects.ts';
import { boundedLines, largestObject } from './bounded.ts';
import { ApiRefusal, bytesOf } from './exchange.ts';

/**
 * A watch that says nothing for this long may be of a connection that died without a word: it is begun again, from
 * where it was. Milliseconds.
 */
const silence = 30_000;

const eventSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({}),
});
type Event = z.infer<typeof eventSchema>;

const statusSchema = z.object({ code: z.number() });

type Callback = Parameters<Watch['watch']>[2];
type Done = Parameters<Watch['watch']>[3];

export interface WatchHooks {
  /** What is watched of the path's objects. Absent: all of them. */
  readonly labelSelector?: string;
  /** A watch is about to begin: what was listed before is known. */
  beginning(): void;
  /** What is kept of an object; it has to have its metadata's name, namespace and version. Absent: all of it. */
  trimmed?(object: KubernetesObject): KubernetesObject;
  /** Before whoever watches hears it; throws where it must not be kept. `bytes` is the length of what is kept. */
  event(object: KubernetesObject, bytes: number): void;
}

export class BoundedWatch implements Pick<Watch, 'watch'> {
  readonly #connection: ApiConnection;
  readonly #hooks: WatchHooks;
  readonly #ended: AbortSignal;

  constructor(connection: ApiConnection, hooks: WatchHooks, ended: AbortSignal) {
    this.#connection = connection;
    this.#hooks = hooks;
    this.#ended = ended;
  }

  /** `done` hears the refusal (with its status), a TimeoutError after silence, or null where the API server ended it. */
  async watch(path: string, query: Query, callback: Callback, done: Done): Promise<AbortController> {
    this.#hooks.beginning();
    const stopping = new AbortController();
    const tell = async (error: unknown) => done(error);
    // Never rejects: whoever asked has gone on by then.
    void this.#follow(path, query, callback, stopping.signal)
      .then(() => tell(null), tell)
      .catch(() => undefined);
    return stopping;
  }

  async #follow(path: string, query: Query, callback: Callback, stopped: AbortSignal): Promise<void> {
    const quiet = new AbortController();
    const { signal } = anySignal([this.#ended, stopped, quiet.signal]);
    const giveUp = () => quiet.abort(new DOMException('the watch said nothing', 'TimeoutError'));
    let timer = setTimeout(giveUp, silence);
    try {
      // Bookmarks keep the version young while nothing changes, so that a reconnect seldom meets 410 (KEP-956).
      const asked = { ...query, labelSelector: this.#hooks.labelSelector, allowWatchBookmarks: 'true', watch: 'true' };
      const answer = await this.#connection.stream(path, asked, signal);
      for await (const line of boundedLines(bytesOf(answer), largestObject)) {
        clearTimeout(timer);
        timer = setTimeout(giveUp, silence);
        const event = signal.aborted ? null : eventOf(line);
        if (event !== null) {
          const kept = event.type === 'BOOKMARK' ? undefined : this.#hooks.trimmed?.(event.object);
          this.#hooks.event(kept ?? event.object, kept === undefined ? line.length : JSON.stringify(kept).length);
          await callback(event.type, kept ?? event.object, event);
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    } finally {
      clearTimeout(timer);
      quiet.abort(); // and so nothing of this watch stays in what lives on
    }
    if (quiet.signal.reason instanceof DOMException && quiet.signal.reason.name === 'TimeoutError') {
      throw quiet.signal.reason;
    }
  }
}

/** What can be used; null for what cannot. Throws an ApiRefusal where the API server tells one. */
function eventOf(line: string): Event | null {
  const event = parsed(line);
  if (event?.type !== 'ERROR') {
    return event !== null && (event.type === 'BOOKMARK' || isNamed(event.object)) ? event : null;
  }
  const status = statusSchema.safeParse(event.object);
  if (status.success) {
    throw new ApiRefusal(status.data.code, JSON.stringify(event.object));
  }
  return null;
}

function parsed(line: string): Event | null {
  try {
    const event = eventSchema.safeParse(JSON.parse(line));
    return event.success ? event.data : null;
  } catch {
    return null;
  }
}
