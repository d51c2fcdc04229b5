/** Watches and lists of the API server, made safe against answers that no API server should give. */
import { type KubernetesListObject, type KubernetesObject, Watch } from '@kubernetes/client-node';
import { z } from 'zod';
import { problem } from '../../contract/index.ts';
import { ProblemError } from '../problem-error.ts';

const named = z.object({ metadata: z.object({ name: z.string().min(1), namespace: z.string().nullish() }) });

/**
 * client-node's Watch, except that credentials which cannot be had end the watch like any other error, and that
 * events with malformed objects are left out. There both reject a promise that ListWatch leaves to nobody, which
 * would end the process.
 */
export class ApiWatch extends Watch {
  override async watch(...parameters: Parameters<Watch['watch']>): ReturnType<Watch['watch']> {
    const [path, query, callback, done] = parameters;
    const checked: typeof callback = (kind, object, event) => {
      const isObject = typeof object === 'object' && object !== null;
      if (isObject && (kind === 'ERROR' || kind === 'BOOKMARK' || named.safeParse(object).success)) {
        callback(kind, object, event);
      }
    };
    try {
      return await super.watch(path, query, checked, done);
    } catch (error) {
      done(error);
      return new AbortController();
    }
  }
}

/** The list with what has a name. Throws a ProblemError where the answer is no list. */
export function checkedList(answer: unknown): KubernetesListObject<KubernetesObject> {
  const items = (answer as { items?: unknown } | null | undefined)?.items;
  if (!Array.isArray(items)) {
    throw new ProblemError(problem('api-unreachable', 'what answers there is no API server (it sent no list)'));
  }
  const list = answer as KubernetesListObject<KubernetesObject>;
  return { ...list, items: list.items.filter((item) => named.safeParse(item).success) };
}
