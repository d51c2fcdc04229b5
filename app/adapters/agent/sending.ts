/**
 * Sends the agent into its pod. Not only when the pod is said to run: its node tells the API server about once a second what runs
 * (the kubelet's relist period), while exec works as soon as the container is there. So it is tried from when a node has the pod.
 */
import { failure, type Result } from '../../contract/index.ts';
import { anySignal } from '../cluster/any-signal.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import type { Pod } from '../cluster/api-objects.ts';
import { crashProblem, progressOf } from './await-pod.ts';
import { passesWebSockets } from './pod-exec.ts';
import { isUp, type PodSource } from './pod-reasons.ts';
import type { Processor } from './processors.ts';
import { type AgentBinary, type SendTimes, sendBinary } from './send-binary.ts';

type BinaryFor = (processor: Processor) => Promise<Result<AgentBinary>>;

/** Pauses between tries before the pod is said to run: the first, how they grow, and the longest. Milliseconds. */
const pauses = { first: 60, growth: 1.25, longest: 400 };

/** From when on a pod that does not start is waited for by what is said of it alone, as while an image is pulled. Milliseconds. */
const earlyTime = 5_000;

/** What a try under way has for its first word once the pod is said to run. Milliseconds. */
const grace = 500;

/** What a try came to that reached the program in the pod. */
export interface SentEarly {
  readonly pod: Pod;
  readonly sent: Result<SendTimes>;
}

export interface EarlySending {
  /** The pod has a node. Only the first call counts. */
  begin(pod: Pod): void;
  /** Aborts when a try came to its end in the pod: nobody need wait for the pod any longer. */
  readonly done: AbortSignal;
  /**
   * No further try. What one has come to or is about to, null where none reached the pod. Of a pod that is lost, what is only about to
   * come counts for nothing.
   */
  end(isLost: boolean): Promise<SentEarly | null>;
}

export interface Sender {
  /** `first` is what a try came to already. */
  send(pod: Pod, signal: AbortSignal, first?: Result<SendTimes>): Promise<Result<SendTimes>>;
  early(signal: AbortSignal): EarlySending;
}

export function senderOf(
  connection: ApiConnection,
  spdyProgram: string,
  source: PodSource & { readonly namespace: string },
  binary: BinaryFor,
): Sender {
  const { namespace, image } = source;
  const targetOf = (pod: Pod) => ({
    ...{ namespace, image, pod: pod.metadata?.name ?? '' },
    node: pod.spec?.nodeName ?? '',
  });

  /** Once more where the way to a living pod broke, and with the pod's own words where it ended meanwhile. */
  async function send(pod: Pod, signal: AbortSignal, first?: Result<SendTimes>): Promise<Result<SendTimes>> {
    const target = targetOf(pod);
    for (let attempt = 1; ; attempt += 1) {
      const given = attempt === 1 ? first : undefined;
      const sent = given ?? (await sendBinary(connection, spdyProgram, target, binary, signal));
      if (sent.ok || signal.aborted || sent.problem.code === 'forbidden') {
        return sent;
      }
      const state = await progressOf(connection, source, target.pod, sent.problem.facts.started === 'true');
      if (state?.kind === 'ended') {
        return failure(await crashProblem(connection, namespace, target.pod, state.because));
      }
      if (attempt === 2 || !isUp(state) || sent.problem.code !== 'agent-unreachable') {
        return sent;
      }
    }
  }

  function early(signal: AbortSignal): EarlySending {
    const done = new AbortController();
    /** Ends a try that nobody waits for. */
    const given = new AbortController();
    let trying: Promise<SentEarly | null> | null = null;
    let isEnding = false;
    let hasAnswered = false;

    async function tryUntilItIsThere(pod: Pod, stop: AbortSignal): Promise<SentEarly | null> {
      const began = performance.now();
      for (let pause = pauses.first; performance.now() - began < earlyTime; ) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (isEnding || stop.aborted) {
          return null;
        }
        // Without SPDY: that a container is not there yet says nothing of what a gateway lets through.
        const sent = await sendBinary(connection, '', targetOf(pod), binary, stop, () => {
          hasAnswered = true;
        });
        if (hasAnswered) {
          done.abort();
          return { pod, sent };
        }
        if (!sent.ok && sent.problem.code === 'forbidden') {
          return null; // the usual way tells it
        }
        pause = Math.min(pause * pauses.growth, pauses.longest);
      }
      return null;
    }

    return {
      begin: (pod) => {
        if (trying === null && passesWebSockets(connection)) {
          const stop = anySignal([signal, given.signal]);
          trying = tryUntilItIsThere(pod, stop.signal).finally(stop.release);
        }
      },
      done: done.signal,
      end: async (isLost) => {
        isEnding = true;
        if (trying === null || (isLost && !done.signal.aborted)) {
          given.abort();
          return null;
        }
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<null>((resolve) => {
          timer = setTimeout(() => resolve(null), grace);
        });
        const first = await Promise.race([trying, late]);
        clearTimeout(timer);
        const result = first ?? (hasAnswered && !signal.aborted ? await trying : null);
        given.abort();
        return result;
      },
    };
  }

  return { send, early };
}
