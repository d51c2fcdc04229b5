/**
 * Pods, listed once or followed by informers. Of each object only what is shown is kept, a list is read in pages: a pod
 * is some ten kilobytes on the wire and less than one here. Where all namespaces are refused, the home namespace is looked at.
 */
import { type Pod, type Problem, type Result, success } from '../../contract/index.ts';
import type { PodList } from '../../core/ports.ts';
import type { ApiConnection } from './api-connection.ts';
import { type KubernetesObject, type ObjectList, pathOf } from './api-objects.ts';
import { largestList, tooLarge } from './bounded.ts';
import { type Informer, type NarrowedWatch, startInformer } from './informer.ts';
import { podOf } from './pod-objects.ts';
import { type Asked, forbiddenProblem, problemOf } from './problems.ts';
import { createSortedItems } from './sorted-items.ts';

/** As client-go's pager asks (tools/pager). */
const pageSize = 500;

/** Pods that are kept: three times what a cluster may have by Kubernetes' own limits, less than 64 MiB of them. */
const mostPods = 50_000;

/** Changes of this time become one list; the first is waited for, and told at once. Milliseconds. */
const settleTime = 250;

/** What is kept of an object. */
interface Trimmed extends KubernetesObject {
  readonly pod: Pod | null;
}

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
    for (const { metadata, pod } of listed.ok ? listed.value.items : []) {
      sorted.put(`${metadata?.namespace}/${metadata?.name}`, pod);
    }
  }
  return success({ pods: sorted.list(), problems });
}

/** Calls with the whole list whenever it changed, for the first time once it was read. */
export function watchPods(connection: ApiConnection, home: string, listener: (list: PodList) => void): NarrowedWatch {
  const sorted = createSortedItems<Pod>();
  const problems: Problem[] = [];
  let informer: Informer<Trimmed>;
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
  const follow = (namespace: string): Informer<Trimmed> =>
    startInformer(
      connection,
      pathOf('pods', namespace),
      () => listTrimmed(connection, namespace),
      {
        changed,
        told: ({ metadata, pod }, isThere) =>
          sorted.put(`${metadata?.namespace}/${metadata?.name}`, isThere ? pod : null),
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
      { trimmed },
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

/** Page by page, trimmed as it comes. Throws a ProblemError where it has no end. */
async function listTrimmed(connection: ApiConnection, namespace: string): Promise<ObjectList<Trimmed>> {
  const items: Trimmed[] = [];
  let token = '';
  for (;;) {
    const page: ObjectList<KubernetesObject> = await connection.list(pathOf('pods', namespace), {
      limit: pageSize,
      continue: token === '' ? undefined : token,
    });
    for (const object of page.items) {
      items.push(trimmed(object));
    }
    const next = page.metadata?.continue ?? '';
    if (items.length > mostPods || (next !== '' && next === token)) {
      throw tooLarge('answer', largestList);
    }
    if (next === '') {
      return { ...(page.metadata === undefined ? {} : { metadata: page.metadata }), items };
    }
    token = next;
  }
}

function trimmed(object: KubernetesObject): Trimmed {
  const { name = '', namespace = '', resourceVersion } = object.metadata ?? {};
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  return { metadata: { name, namespace, ...version }, pod: podOf(object) };
}
