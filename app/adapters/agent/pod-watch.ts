/** Follows the pod of one Job: every state of it, in order, the first one at once. Survives ended watches. */
import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { ApiWatch, checkedList } from '../cluster/api-watch.ts';
import { agentLabel } from './manifest.ts';

/** Milliseconds between a watch that ended and the next look. */
const pause = 300;

export interface PodWatchHooks {
  changed(pod: V1Pod): void;
  deleted(pod: V1Pod): void;
  /** A watch or list was refused or failed; it is tried again. */
  failed(error: unknown): void;
}

export function watchPodOf(
  connection: ApiConnection,
  namespace: string,
  job: string,
  hooks: PodWatchHooks,
): () => void {
  let ended = false;
  let controller: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  const labelSelector = `${agentLabel}=${job}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;

  const again = () => {
    if (!ended) {
      timer = setTimeout(start, pause);
    }
  };
  const start = async () => {
    // List and watch, not a watch alone: one without a version gets no first answer from API servers on etcd 3.4.
    const listed = await connection.attempt(() =>
      connection.client(CoreV1Api).listNamespacedPod({ namespace, labelSelector }).then(checkedList),
    );
    if (ended) {
      return;
    }
    if (!listed.ok) {
      hooks.failed(listed.error);
      again();
      return;
    }
    for (const pod of listed.value.items) {
      hooks.changed(pod as V1Pod);
    }
    const query = { labelSelector, resourceVersion: listed.value.metadata?.resourceVersion };
    controller = await new ApiWatch(connection.config).watch(
      path,
      query,
      (kind: string, pod: V1Pod) => {
        if (!ended && (kind === 'ADDED' || kind === 'MODIFIED')) {
          hooks.changed(pod);
        } else if (!ended && kind === 'DELETED') {
          hooks.deleted(pod);
        }
      },
      (error: unknown) => {
        if (!ended && error !== null && error !== undefined) {
          hooks.failed(error);
        }
        again();
      },
    );
    if (ended) {
      controller.abort();
    }
  };
  start().catch((error) => {
    hooks.failed(error);
    again();
  });
  return () => {
    ended = true;
    clearTimeout(timer);
    controller?.abort();
  };
}
