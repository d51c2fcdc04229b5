/**
 * Makes Jobs so that none is lost: the name is ours before the request, and an answer that never came (a webhook that takes
 * its whole time, a connection that broke, a busy server) is followed by looking for that name.
 */
import { cause, causeText, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Job, pathOf, requestAnnotation } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { refusalCause } from './pod-reasons.ts';

/** Admission may ask several webhooks, each for 30 s at most; the API server itself gives up after 60 s. Milliseconds. */
const createDeadline = 62_000;

/** How long a Job may take to appear after its answer was lost, and between two looks. Milliseconds. */
const appearsWithin = 5_000;
const lookEvery = 1_000;

/** When a Job that did not appear is looked for again, to delete it. Milliseconds after it was given up. */
const laterLooks = [10_000, 30_000, 60_000];

/** The Job of this name and this placing; null where there is none, or another's; `unknown` where that cannot be asked. */
export async function findJob(connection: ApiConnection, job: Job): Promise<Job | null | 'unknown'> {
  const { name = '', namespace = '', annotations } = job.metadata ?? {};
  const found = await connection.attempt(() => connection.get<Job>(pathOf('jobs', namespace, name)));
  if (!found.ok) {
    return statusCodeOf(found.error) === 404 ? null : 'unknown';
  }
  return found.value.metadata?.annotations?.[requestAnnotation] === annotations?.[requestAnnotation]
    ? found.value
    : null;
}

/**
 * Makes the Job. A refusal is `agent-refused` in the cluster's words, with its status among the facts; 409 where the name
 * is somebody else's. `late` is called where the Job may still appear.
 */
export async function makeJob(
  connection: ApiConnection,
  job: Job,
  asked: Asked,
  signal: AbortSignal,
  late: (looks: readonly number[]) => void,
): Promise<Result<Job>> {
  const { name = '', namespace = '' } = job.metadata ?? {};
  const answer: { status: number | null } = { status: null };
  const made = await connection.ask(asked, async () => {
    try {
      return await connection.create<Job>(pathOf('jobs', namespace), job, signal, createDeadline);
    } catch (error) {
      answer.status = statusCodeOf(error);
      throw error;
    }
  });
  if (made.ok) {
    return made;
  }
  const { status } = answer;
  const { problem: refused } = made;
  if (status === 409) {
    // Something on the way may have asked twice: then it is ours all the same.
    const found = await findJob(connection, job);
    return found === null || found === 'unknown'
      ? failure(problem('agent-refused', refused.cause, { namespace, status: '409' }))
      : success(found);
  }
  // A cancelled request ends in the API server, too, unless it was all but done.
  const isSilence =
    status === null
      ? signal.aborted || refused.code === 'api-unreachable'
      : status >= 500 && !/webhook/i.test(refused.cause);
  if (isSilence) {
    const found = await appeared(connection, job);
    if (found === null) {
      late(laterLooks);
      const lost = cause('jobAnswerLost', { job: name, reason: refused.said ?? refused.cause });
      return failure({ ...refused, cause: causeText(lost), said: lost });
    }
    return success(found);
  }
  // Admission answers with whatever status it likes: the words are what counts.
  return status !== null && (refused.facts.status !== undefined || refused.code === 'agent-refused')
    ? failure(problem('agent-refused', refusalCause(wordsOf(refused.cause)), { namespace, status: String(status) }))
    : made;
}

async function appeared(connection: ApiConnection, job: Job): Promise<Job | null> {
  const until = Date.now() + appearsWithin;
  for (;;) {
    const found = await findJob(connection, job);
    if (found !== null && found !== 'unknown') {
      return found;
    }
    if (found === 'unknown' || Date.now() > until) {
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, lookEvery));
  }
}

/** What was refused, without what we asked for before it. */
function wordsOf(text: string): string {
  return text.replace(/^create jobs: /, '');
}
