/** Follows the pod of one Job: every state of it, in order, the first one at once. Survives ended watches. */
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Pod, pathOf } from '../cluster/api-objects.ts';
import { checkedList, watchObjects } from '../cluster/api-watch.ts';
import { agentLabel } from './manifest.ts';

/** Milliseconds between a watch that ended and the next look. */
const pause = 300;

export interface PodWatchHooks {
  changed(pod: Pod): void;
  deleted(pod: Pod): void;
  /** A watch or list was refused or failed; it is tried again. */
  failed(error: unknown): void;
}

export function watchPodOf(
  connection: ApiConnection,
  namespace: string,
  job: string,
  jobUid: string,
  hooks: PodWatchHooks,
): () => void {
  const ending = new AbortController();
  const ended = ending.signal;
  const labelSelector = `${agentLabel}=${job}`;
  const path = pathOf('pods', namespace);
  // An earlier Job of the same name may still have its pod.
  const isIts = ({ metadata }: Pod) => metadata?.ownerReferences?.some(({ uid }) => uid === jobUid) ?? false;

  const look = async () => {
    // List and watch, not a watch alone: one without a version gets no first answer from API servers on etcd 3.4.
    const { items, metadata } = checkedList<Pod>(await connection.get(path, { labelSelector }));
    for (const pod of ended.aborted ? [] : items.filter(isIts)) {
      hooks.changed(pod);
    }
    const query = { labelSelector, resourceVersion: metadata?.resourceVersion };
    const hear = (event: string, pod: Pod) => {
      if (event === 'BOOKMARK' || !isIts(pod)) {
        return;
      }
      if (event === 'DELETED') {
        hooks.deleted(pod);
      } else {
        hooks.changed(pod);
      }
    };
    if (!ended.aborted) {
      await watchObjects<Pod>(connection, path, query, hear, ended);
    }
  };
  const follow = async () => {
    while (!ended.aborted) {
      try {
        await look();
      } catch (error) {
        if (!ended.aborted) {
          hooks.failed(error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  void follow();
  return () => ending.abort();
}
