/** Deletes Jobs of ours, by name and uid, and waits for what they own. */
import { failure, problem, type Result, success } from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Pod, pathOf } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { jobLabel } from './pod-watch.ts';

/** How long the objects may take to be gone. Milliseconds. */
const goneDeadline = 15_000;

/** Answers when the API server accepted it; background propagation takes the pod. Empty `uid`: whichever has the name. */
export async function deleteJob(
  connection: ApiConnection,
  namespace: string,
  job: string,
  uid: string,
): Promise<Result<null>> {
  return connection.ask(askedOfAgent('delete', 'jobs', namespace, job), async () => {
    try {
      await connection.delete(pathOf('jobs', namespace, job), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        // Never somebody else's Job of the same name.
        ...(uid === '' ? {} : { preconditions: { uid } }),
      });
    } catch (error) {
      if (statusCodeOf(error) !== 404 && statusCodeOf(error) !== 409) {
        throw error;
      }
    }
    return null;
  });
}

export async function awaitGone(
  connection: ApiConnection,
  namespace: string,
  job: string,
  uid: string,
): Promise<Result<null>> {
  const until = Date.now() + goneDeadline;
  const labelSelector = `${jobLabel}=${job}`;
  for (;;) {
    const left = await connection.attempt(() => connection.list<Pod>(pathOf('pods', namespace), { labelSelector }));
    const isOurs = (owner: { uid: string }) => uid === '' || owner.uid === uid;
    if (!left.ok || !left.value.items.some((pod) => pod.metadata?.ownerReferences?.some(isOurs) ?? true)) {
      return success(null); // the deletion was accepted: whether it may be watched is another matter
    }
    if (Date.now() > until) {
      return failure(problem('agent-unreachable', `the pod of ${job} is still there; its node may not answer`));
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** What is asked of the agent's namespace, for the words of a refusal. */
export function askedOfAgent(verb: string, resource: string, namespace: string, job = ''): Asked {
  return { verb, group: resource === 'jobs' ? 'batch' : '', resource, namespace, purpose: 'agent', job };
}
