/** Follows the pod of one Job: every state of it, in order, the first one at once. Survives ended watches. */
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Pod, pathOf } from '../cluster/api-objects.ts';
import { startInformer } from '../cluster/informer.ts';

/** Set by the Job controller itself, with the Job's name: webhooks change what we set. */
export const jobLabel = 'job-name';

/** Milliseconds between a watch that failed and the next look. */
const pause = 300;

export interface PodWatchHooks {
  changed(pod: Pod): void;
  deleted(pod: Pod): void;
  /** A watch or list was refused; nothing more comes. */
  refused(error: unknown): void;
}

export function watchPodOf(
  connection: ApiConnection,
  namespace: string,
  job: string,
  jobUid: string,
  hooks: PodWatchHooks,
): () => void {
  const labelSelector = `${jobLabel}=${job}`;
  const path = pathOf('pods', namespace);
  // An earlier Job of the same name may still have its pod.
  const isIts = ({ metadata }: Pod) => metadata?.ownerReferences?.some(({ uid }) => uid === jobUid) ?? false;
  // List and watch, not a watch alone: one without a version gets no first answer from API servers on etcd 3.4.
  const list = () => connection.list<Pod>(path, { labelSelector });
  const { end } = startInformer<Pod>(
    connection,
    path,
    list,
    {
      told: (pod, isThere) => {
        if (isIts(pod)) {
          (isThere ? hooks.changed : hooks.deleted)(pod);
        }
      },
      changed: () => {},
      refused: (error) => {
        hooks.refused(error);
        return true;
      },
    },
    { labelSelector, pauses: { first: pause, longest: pause } },
  );
  return end;
}
