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
import { type CoreEvent, type Node, type Pod, pathOf } from '../cluster/api-objects.ts';
import { problemOf } from '../cluster/problems.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { containerName } from './manifest.ts';
import { outlookOf, scalesNodes, unfitNodes } from './node-outlook.ts';
import {
  disruptedProblem,
  isUp,
  type PodProgress,
  type PodSource,
  progressOfPod,
  refusalOfJob,
  wasDisrupted,
} from './pod-reasons.ts';
import { watchPodOf } from './pod-watch.ts';

/** While a Job has no pod, and while its pod does not start, events are asked this often why. Milliseconds. */
const eventsEvery = 1_000;

/** With no reason to be had, a pod that is not there after this long will not come: webhooks may take 30 s each. Milliseconds. */
const podPatience = 65_000;

/** From when a node took it. Large images over slow links take minutes. Milliseconds. */
const startPatience = 5 * 60_000;

/** How long a node may take to tell that a container ended. Milliseconds. */
const endPatience = 5_000;

export interface Awaited extends PodSource {
  readonly namespace: string;
  readonly job: string;
  readonly jobUid: string;
}

export interface AwaitHooks {
  progress(detail: Cause | string): void;
  /** A node has it. */
  starting?(pod: Pod): void;
}

export function awaitPod(
  connection: ApiConnection,
  awaited: Awaited,
  { progress, starting }: AwaitHooks,
  signal: AbortSignal,
): Promise<Result<Pod>> {
  return new Promise((resolve) => {
    const started = Date.now();
    let pod: Pod | null = null;
    let troubleSince: { readonly kind: string; readonly at: number } | null = null;
    let trouble: NodeJS.Timeout | undefined;
    let whole: NodeJS.Timeout | undefined;
    let lastDetail = '';
    let isOver = false;
    const nodes = nodeQuestions(connection);
    const settle = (result: Result<Pod>) => {
      isOver = true;
      unwatch();
      clearInterval(asking);
      clearTimeout(trouble);
      clearTimeout(whole);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const tell = (detail: Cause | string) => {
      if (!isOver && causeText(detail) !== lastDetail) {
        lastDetail = causeText(detail);
        progress(detail);
      }
    };
    const giveTime = () => {
      clearTimeout(whole);
      whole = setTimeout(
        () => settle(failure(problem('agent-unreachable', cause('agentLate', { detail: lastDetail || 'nothing' })))),
        startPatience,
      );
    };
    const troubled = (kind: string, found: Problem, patience: number) => {
      tell(found.said ?? found.cause);
      if (troubleSince?.kind !== kind) {
        troubleSince = { kind, at: Date.now() };
      }
      clearTimeout(trouble);
      trouble = setTimeout(() => settle(failure(found)), Math.max(0, troubleSince.at + patience - Date.now()));
    };
    const look = (changed: Pod) => {
      pod = changed;
      if (pod.metadata?.deletionTimestamp !== undefined) {
        settle(failure(goneProblem(pod, cause('agentDeleted'))));
        return;
      }
      const state = progressOfPod(pod, awaited);
      if (state.kind === 'troubled') {
        troubled(state.problem.code, state.problem, state.patience);
        return;
      }
      if (state.kind === 'unscheduled') {
        return; // what comes of it is said by events: see `askOfPod`
      }
      clearTimeout(trouble);
      troubleSince = null;
      if (state.kind === 'running') {
        settle(success(pod));
      } else if (state.kind === 'failed') {
        settle(failure(state.problem));
      } else if (state.kind === 'ended') {
        crashProblem(connection, awaited.namespace, pod.metadata?.name ?? '', state.because).then(
          (crash) => settle(failure(crash)),
          () => settle(failure(problem('agent-crashed', state.because))),
        );
      } else if (state.kind === 'starting') {
        tell(cause('startingOn', { node: state.node }));
        starting?.(pod);
      } else {
        tell(state.detail);
      }
    };
    const askOfPod = async (asked: Pod) => {
      const before = progressOfPod(asked, awaited);
      if (before.kind !== 'unscheduled' && before.kind !== 'starting') {
        return;
      }
      const events = await eventsOf(connection, awaited.namespace, asked.metadata?.uid ?? '');
      const found = before.kind === 'unscheduled' ? await nodes.unscheduled(before, events) : null;
      if (isOver || pod !== asked) {
        return; // it moved on meanwhile
      }
      if (found !== null) {
        giveTime();
        troubled('unscheduled', found.problem, found.patience);
      } else if (before.kind === 'starting') {
        const said = newsOf(events);
        tell(
          said === ''
            ? cause('startingOn', { node: before.node })
            : cause('startingOnSaid', { node: before.node, said }),
        );
      }
    };
    const askOfJob = async () => {
      const refusal = refusalOfJob(await eventsOf(connection, awaited.namespace, awaited.jobUid));
      if (isOver || pod !== null) {
        return;
      }
      if (refusal !== null) {
        troubled(refusal.problem.code, refusal.problem, refusal.patience);
      } else if (Date.now() - started > podPatience) {
        settle(failure(problem('agent-refused', cause('agentNoPod'))));
      }
    };
    const unwatch = watchPodOf(connection, awaited.namespace, awaited.job, awaited.jobUid, {
      changed: look,
      deleted: (gone) => settle(failure(goneProblem(gone, cause('agentDeletedEarly')))),
      refused: (error) => {
        const asked = { verb: 'watch', group: '', resource: 'pods', purpose: 'agent' } as const;
        settle(failure(problemOf(error, { ...asked, namespace: awaited.namespace })));
      },
    });
    let isAsking = false;
    const asking = setInterval(() => {
      if (!isAsking) {
        isAsking = true;
        // What an odd event says is not worth the core: the next look asks again.
        (pod === null ? askOfJob() : askOfPod(pod))
          .catch(() => {})
          .finally(() => {
            isAsking = false;
          });
      }
    }, eventsEvery);
    giveTime();
    const onAbort = () => settle(failure(problem('agent-gone', 'stopped before the agent ran')));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    }
  });
}

function goneProblem(pod: Pod, because: Cause): Problem {
  return wasDisrupted(pod) ? disruptedProblem(pod) : problem('agent-gone', because);
}

/** A pod that no scheduler looks at yet waits for somebody who takes its gate away. Milliseconds. */
const gatePatience = 60_000;

/** Why a pod finds no node. What the cluster has (nodes, an autoscaler) is asked once, where it may be asked. */
function nodeQuestions(connection: ApiConnection) {
  let unfit: Promise<string | null> | undefined;
  let mayScale: Promise<boolean> | undefined;
  const askNodes = async () => {
    const listed = await connection.attempt(() => connection.list<Node>(pathOf('nodes', '')));
    return listed.ok ? unfitNodes(listed.value.items) : null;
  };
  const askGroups = async () => {
    const groups = await connection.attempt(() => connection.get('/apis'));
    return groups.ok && scalesNodes(groups.value);
  };
  return {
    unscheduled: async (
      { said, gated }: Extract<PodProgress, { kind: 'unscheduled' }>,
      events: readonly CoreEvent[],
    ): Promise<{ readonly problem: Problem; readonly patience: number }> => {
      if (gated || said === '') {
        return { problem: problem('agent-unschedulable', said || cause('noNode')), patience: gatePatience };
      }
      mayScale ??= askGroups();
      const outlook = outlookOf(said, events, await mayScale);
      if (!/affinity|selector/i.test(said)) {
        return { problem: problem('agent-unschedulable', outlook.detail), patience: outlook.patience };
      }
      unfit ??= askNodes();
      const nodes = await unfit;
      const found =
        nodes === null
          ? problem('agent-unschedulable', cause('processorUnsure', { said: causeText(outlook.detail) }))
          : problem('agent-processor', cause('processorUnfit', { nodes }));
      return { problem: found, patience: outlook.patience };
    },
  };
}

/** What a pod's node says last of what holds it up: an image that is being pulled, a network or volume that is not there. */
function newsOf(events: readonly CoreEvent[]): string {
  const news = events.filter(({ reason, type }) => type === 'Warning' || reason === 'Pulling' || reason === 'Pulled');
  const last = news.filter(({ reason }) => reason !== 'FailedScheduling').at(-1);
  return last === undefined || last.reason === 'Pulled' ? '' : plainText(last.message ?? '');
}

async function eventsOf(connection: ApiConnection, namespace: string, uid: string): Promise<readonly CoreEvent[]> {
  const events = await connection.attempt(() =>
    connection.list<CoreEvent>(pathOf('events', namespace), { fieldSelector: `involvedObject.uid=${uid}` }),
  );
  return events.ok ? events.value.items : [];
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
    if (!endIsCertain || !isUp(state) || Date.now() > until) {
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
