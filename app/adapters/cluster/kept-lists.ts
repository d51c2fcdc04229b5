/**
 * Lists of which only what is shown is kept, read in pages: an object is some kilobytes on the wire, most of them managed
 * fields and annotations, and a tenth of that here.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { ApiConnection } from './api-connection.ts';
import type { KubernetesObject, ObjectList } from './api-objects.ts';
import { largestList, tooLarge } from './bounded.ts';
import { statusCodeOf } from './refusals.ts';

/** What is kept of an object. */
export interface Kept<Item> extends KubernetesObject {
  /** Null where the object is malformed, or says nothing of interest. */
  readonly item: Item | null;
}

interface Reading {
  /** Objects that are asked for at once: each page is a round trip, and is in memory whole. */
  readonly page: number;
  /** How much of a list is read; more is a ProblemError. Objects, where each is kept small. */
  readonly objects?: number;
  /** Bytes on the wire, after unpacking. */
  readonly bytes?: number;
}

/** Objects that are trimmed without a pause: some milliseconds. */
const atOnce = 100;

/** `itemOf` says what is kept of an object besides its name and version. */
export function keptOf<Item>(object: KubernetesObject, itemOf: (object: KubernetesObject) => Item | null): Kept<Item> {
  const { name = '', namespace = '', resourceVersion } = object.metadata ?? {};
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  return { metadata: { name, namespace, ...version }, item: itemOf(object) };
}

/** Page by page, trimmed as it comes. Throws a ProblemError where it has no end, or what the API server refuses with. */
export async function listKept<Item>(
  connection: ApiConnection,
  path: string,
  itemOf: (object: KubernetesObject) => Item | null,
  { page: limit, objects = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY }: Reading,
): Promise<ObjectList<Kept<Item>>> {
  const items: Kept<Item>[] = [];
  const read = (token: string) =>
    connection.page<KubernetesObject>(path, { limit, continue: token === '' ? undefined : token });
  let total = 0;
  let token = '';
  let page = await read('');
  for (;;) {
    const next = page.list.metadata?.continue ?? '';
    total += page.bytes;
    if (total > bytes || items.length + page.list.items.length > objects || (next !== '' && next === token)) {
      throw tooLarge('answer', largestList);
    }
    const following = next === '' ? null : read(next);
    following?.catch(() => undefined); // heard below
    for (const object of page.list.items) {
      items.push(keptOf(object, itemOf));
      if (items.length % atOnce === 0) {
        await breath(); // a connection may be coming up, or a window waiting
      }
    }
    if (following === null) {
      const { metadata } = page.list;
      return { ...(metadata === undefined ? {} : { metadata }), items };
    }
    token = next;
    try {
      page = await following;
    } catch (error) {
      if (statusCodeOf(error) !== 410) {
        throw error;
      }
      // What was begun is forgotten (API concepts, "410 Gone"): all at once then, as client-go's pager does.
      items.length = 0;
      total = 0;
      token = '';
      page = await connection.page<KubernetesObject>(path);
    }
  }
}
