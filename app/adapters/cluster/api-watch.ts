/** Lists and watches of the API server, checked as far as everything that follows relies on. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { problem } from '../../contract/index.ts';
import { ProblemError } from '../problem-error.ts';
import type { ApiConnection, Query } from './api-connection.ts';
import type { KubernetesObject, ObjectList } from './api-objects.ts';
import { ApiRefusal, bytesOf } from './exchange.ts';

/**
 * A watch that says nothing for this long may be of a connection that died without a word: it is begun again, from
 * where it was. Milliseconds.
 */
const silence = 30_000;

const named = z.object({ metadata: z.object({ name: z.string().min(1), namespace: z.string().nullish() }) });

const eventSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({}),
});

const statusSchema = z.object({ code: z.number() });

export type WatchEvent = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/**
 * Follows a list from the query's version on until the API server ends that or says nothing for a while; throws what
 * it refuses. Events with malformed objects are left out.
 */
export async function watchObjects<Item extends KubernetesObject>(
  connection: ApiConnection,
  path: string,
  query: Query,
  hear: (event: WatchEvent, object: Item) => void,
  ended: AbortSignal,
): Promise<void> {
  const quiet = new AbortController();
  const giveUp = () => quiet.abort();
  const signal = AbortSignal.any([ended, quiet.signal]);
  let timer = setTimeout(giveUp, silence);
  try {
    const answer = await connection.stream(path, { ...query, watch: 'true' }, signal);
    const bytes = bytesOf(answer);
    // The lines' own error would be nobody's; theirs is the input's.
    const broken = new Promise<never>((_, reject) => bytes.once('error', reject));
    broken.catch(() => undefined);
    const lines = createInterface({ input: bytes });
    signal.addEventListener('abort', () => lines.close(), { once: true });
    const reading = async () => {
      for await (const line of lines) {
        clearTimeout(timer);
        timer = setTimeout(giveUp, silence);
        const event = eventOf(line);
        if (event?.type === 'ERROR') {
          const status = statusSchema.safeParse(event.object);
          if (status.success) {
            throw new ApiRefusal(status.data.code, JSON.stringify(event.object), undefined);
          }
        } else if (
          event !== null &&
          !ended.aborted &&
          (event.type === 'BOOKMARK' || named.safeParse(event.object).success)
        ) {
          hear(event.type, event.object as Item);
        }
      }
    };
    await Promise.race([reading(), broken]);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    clearTimeout(timer);
    quiet.abort();
  }
}

function eventOf(line: string): z.infer<typeof eventSchema> | null {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The list with what has a name. Throws a ProblemError where the answer is no list. */
export function checkedList<Item extends KubernetesObject>(answer: unknown): ObjectList<Item> {
  const items = (answer as { items?: unknown } | null | undefined)?.items;
  if (!Array.isArray(items)) {
    throw new ProblemError(problem('api-unreachable', 'what answers there is no API server (it sent no list)'));
  }
  const list = answer as ObjectList<Item>;
  return { ...list, items: list.items.filter((item) => named.safeParse(item).success) };
}
