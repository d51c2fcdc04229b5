/** Waits until the pod of a Job runs, telling its own reasons meanwhile, or says why it never will. */
import {
  type Cause,
  cause,
  causeText,
  failure,
  type Problem,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type CoreEvent, type Pod, pathOf } from '../cluster/api-objects.ts';
import { problemOf } from '../cluster/problems.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { containerName } from './manifest.ts';
import { type PodProgress, type PodSource, progressOfPod, refusalOfJob } from './pod-reasons.ts';
import { watchPodOf } from './pod-watch.ts';

/** While a Job has no pod, its events are asked this often why. Milliseconds. */
const eventsEvery = 1_000;

/** With no reason to be had, a pod that is not there after this long will not come. Milliseconds. */
const podPatience = 20_000;

/** In all. Large images over slow links take minutes. Milliseconds. */
const wholePatience = 5 * 60_000;

/** How long a node may take to tell that a container ended. Milliseconds. */
const endPatience = 5_000;

export interface Awaited extends PodSource {
  readonly namespace: string;
  readonly job: string;
  readonly jobUid: string;
}

export function awaitPod(
  connection: ApiConnection,
  awaited: Awaited,
  progress: (detail: Cause | string) => void,
  signal: AbortSignal,
): Promise<Result<Pod>> {
  return new Promise((resolve) => {
    const started = Date.now();
    let podSeen = false;
    let troubleSince: { readonly code: string; readonly at: number } | null = null;
    let trouble: NodeJS.Timeout | undefined;
    let lastDetail = '';
    const settle = (result: Result<Pod>) => {
      unwatch();
      clearInterval(asking);
      clearTimeout(trouble);
      clearTimeout(whole);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const tell = (detail: Cause | string) => {
      if (causeText(detail) !== lastDetail) {
        lastDetail = causeText(detail);
        progress(detail);
      }
    };
    const troubled = (found: Problem, patience: number) => {
      tell(found.said ?? found.cause);
      if (troubleSince?.code !== found.code) {
        troubleSince = { code: found.code, at: Date.now() };
      }
      clearTimeout(trouble);
      trouble = setTimeout(() => settle(failure(found)), Math.max(0, troubleSince.at + patience - Date.now()));
    };
    const look = (pod: Pod) => {
      podSeen = true;
      if (pod.metadata?.deletionTimestamp !== undefined) {
        settle(failure(problem('agent-gone', cause('agentDeleted'))));
        return;
      }
      const state = progressOfPod(pod, awaited);
      if (state.kind === 'troubled') {
        troubled(state.problem, state.patience);
        return;
      }
      clearTimeout(trouble);
      troubleSince = null;
      if (state.kind === 'running') {
        settle(success(pod));
      } else if (state.kind === 'failed') {
        settle(failure(state.problem));
      } else if (state.kind === 'ended') {
        crashProblem(connection, awaited.namespace, pod.metadata?.name ?? '', state.because).then((crash) =>
          settle(failure(crash)),
        );
      } else {
        tell(state.detail);
      }
    };
    const unwatch = watchPodOf(connection, awaited.namespace, awaited.job, awaited.jobUid, {
      changed: look,
      deleted: () => settle(failure(problem('agent-gone', cause('agentDeletedEarly')))),
      refused: (error) => {
        const asked = { verb: 'watch', group: '', resource: 'pods', purpose: 'agent' } as const;
        settle(failure(problemOf(error, { ...asked, namespace: awaited.namespace })));
      },
    });
    const asking = setInterval(async () => {
      if (podSeen) {
        clearInterval(asking);
        return;
      }
      const refusal = await refusalOf(connection, awaited);
      if (!podSeen && refusal !== null) {
        troubled(refusal.problem, refusal.patience);
      } else if (!podSeen && Date.now() - started > podPatience) {
        settle(failure(problem('agent-refused', cause('agentNoPod'))));
      }
    }, eventsEvery);
    const whole = setTimeout(
      () => settle(failure(problem('agent-unreachable', cause('agentLate', { detail: lastDetail || 'nothing' })))),
      wholePatience,
    );
    const onAbort = () => settle(failure(problem('agent-gone', 'stopped before the agent ran')));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    }
  });
}

async function refusalOf(connection: ApiConnection, awaited: Awaited) {
  const events = await connection.attempt(() =>
    connection.list<CoreEvent>(pathOf('events', awaited.namespace), {
      fieldSelector: `involvedObject.uid=${awaited.jobUid}`,
    }),
  );
  return events.ok ? refusalOfJob(events.value.items) : null;
}

/** How a pod is now (null: unknown); where its end is certain, as soon as its node told it. */
export async function progressOf(
  connection: ApiConnection,
  source: PodSource & { readonly namespace: string },
  pod: string,
  endIsCertain: boolean,
): Promise<PodProgress | null> {
  const until = Date.now() + endPatience;
  for (;;) {
    const found = await connection.attempt(() => connection.get<Pod>(pathOf('pods', source.namespace, pod)));
    const state = found.ok ? progressOfPod(found.value, source) : null;
    if (!endIsCertain || state?.kind !== 'running' || Date.now() > until) {
      return state;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Why a pod ended, with its last words where its end does not quote them already. */
export async function crashProblem(
  connection: ApiConnection,
  namespace: string,
  pod: string,
  because: string,
): Promise<Problem> {
  const words = await lastWords(connection, namespace, pod);
  const isQuoted = words === '' || because.includes(words);
  return problem('agent-crashed', isQuoted ? because : `${because}; it said: ${words}`);
}

/** The last lines of a pod's log; empty where there are none or they may not be read. */
export async function lastWords(connection: ApiConnection, namespace: string, pod: string): Promise<string> {
  const log = await connection.attempt(() =>
    connection.getText(pathOf('pods', namespace, pod, 'log'), {
      container: containerName,
      tailLines: 20,
      limitBytes: 4096,
    }),
  );
  return log.ok ? plainText(log.value).slice(-600) : '';
}
