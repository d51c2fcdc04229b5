/**
 * Pods, listed once or followed by informers. Of each object only what is shown is kept, a list is read in pages: a pod
 * is some ten kilobytes on the wire and less than one here. Where all namespaces are refused, the home namespace is looked at.
 */
import { type Pod, type Problem, type Result, success } from '../../contract/index.ts';
import type { PodList } from '../../core/ports.ts';
import type { ApiConnection } from './api-connection.ts';
import { pathOf } from './api-objects.ts';
import { type Informer, type NarrowedWatch, startInformer } from './informer.ts';
import { type Kept, keptOf, listKept } from './kept-lists.ts';
import { podOf } from './pod-objects.ts';
import { type Asked, forbiddenProblem, problemOf } from './problems.ts';
import { createSortedItems } from './sorted-items.ts';

/** As client-go's pager asks (tools/pager). */
const pageSize = 500;

/** Pods that are kept: three times what a cluster may have by Kubernetes' own limits, less than 64 MiB of them. */
const mostPods = 50_000;

/** Changes of this time become one list; the first is waited for, and told at once. Milliseconds. */
const settleTime = 250;

const askedFor = (namespace: string): Asked => ({
  verb: 'list',
  group: '',
  resource: 'pods',
  namespace,
  purpose: 'catalogue',
});

/** `namespaces` empty: all, or the home namespace where that is refused. */
export async function listPods(
  connection: ApiConnection,
  home: string,
  namespaces: readonly string[],
): Promise<Result<PodList>> {
  const sorted = createSortedItems<Pod>();
  const problems: Problem[] = [];
  const read = (namespace: string) => connection.ask(askedFor(namespace), () => listTrimmed(connection, namespace));
  for (const namespace of namespaces.length === 0 ? [''] : namespaces) {
    let listed = await read(namespace);
    if (!listed.ok && isPartly(listed.problem)) {
      problems.push(missing(namespace, listed.problem));
      listed = namespace === '' ? await read(home) : success({ items: [] });
    }
    if (!listed.ok && !isPartly(listed.problem)) {
      return listed;
    }
    for (const { metadata, item } of listed.ok ? listed.value.items : []) {
      sorted.put(`${metadata?.namespace}/${metadata?.name}`, item);
    }
  }
  return success({ pods: sorted.list(), problems });
}

/** Calls with the whole list whenever it changed, for the first time once it was read. */
export function watchPods(connection: ApiConnection, home: string, listener: (list: PodList) => void): NarrowedWatch {
  const sorted = createSortedItems<Pod>();
  const problems: Problem[] = [];
  let informer: Informer<Kept<Pod>>;
  let isRefused = false; // everywhere: nothing will come
  let settling: NodeJS.Timeout | undefined;
  let hasTold = false;
  let ended = false;

  const tell = () => {
    settling = undefined;
    if (!ended && (isRefused || informer.complete)) {
      hasTold = true;
      listener({ pods: sorted.list(), problems: [...problems] });
    }
  };
  const changed = () => {
    settling ??= setTimeout(tell, hasTold ? settleTime : 0);
  };
  const follow = (namespace: string): Informer<Kept<Pod>> =>
    startInformer(
      connection,
      pathOf('pods', namespace),
      () => listTrimmed(connection, namespace),
      {
        changed,
        told: ({ metadata, item }, isThere) =>
          sorted.put(`${metadata?.namespace}/${metadata?.name}`, isThere ? item : null),
        refused: (error) => {
          if (problems.length === 0) {
            problems.push(missing(namespace, problemOf(error, askedFor(namespace))));
          }
          if (namespace === '') {
            setImmediate(() => ended || followHome());
          } else {
            isRefused = true;
            changed();
          }
          return true;
        },
      },
      { trimmed: (object) => keptOf(object, podOf) },
    );
  const followHome = () => {
    informer.end();
    for (const { namespace, name } of sorted.list()) {
      sorted.put(`${namespace}/${name}`, null);
    }
    informer = follow(home);
  };
  informer = follow('');
  return {
    end: () => {
      ended = true;
      clearTimeout(settling);
      informer.end();
    },
    isNarrowed: () => problems.length > 0,
  };
}

/** Some of the list can be shown nevertheless. */
const isPartly = ({ code }: Problem): boolean => code === 'forbidden' || code === 'answer-too-large';

function missing(namespace: string, because: Problem): Problem {
  return because.code === 'answer-too-large'
    ? { ...because, severity: 'warning' }
    : { ...forbiddenProblem(askedFor(namespace), because.cause), severity: 'warning' };
}

const listTrimmed = (connection: ApiConnection, namespace: string) =>
  listKept(connection, pathOf('pods', namespace), podOf, { page: pageSize, objects: mostPods });
