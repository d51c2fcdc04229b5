/**
 * Which requests are asked again after a failure, and when: client-go's rules (rest/with_retry.go: 429 and 5xx with
 * Retry-After, at most ten times; reset connections), and beyond them what an API server or a load balancer answers for a
 * moment only. client-go leaves that to controllers, which ask again by themselves, and to users, who type it again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cause, cause } from '../../contract/index.ts';
import { ApiRefusal } from './exchange.ts';
import { isBusyStatus, isVerdict, saidBy } from './refusals.ts';

/** Times that a request is asked again where the API server says when, and where nobody says it. */
const mostAnnounced = 10;
const mostUnannounced = 4;

/** For one request, in milliseconds. A server that wants a longer break is told to the user instead of waited for. */
const longestWait = 45_000;

/** Errors of a connection that broke under way, whoever broke it; an `AbortError` or a refused connection is none. */
const broken: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Who waits, told while it waits. */
export interface Waiting {
  begin(detail: Cause): void;
  end(): void;
}

export class Repeating {
  readonly #firstPause: number;
  readonly #waiting: Waiting;
  #announced = 0;
  #unannounced = 0;
  #waited = 0;
  /** An attempt failed so that nobody knows whether the server did what was asked. */
  unsure = false;

  /** `firstPause` in milliseconds. */
  constructor(firstPause: number, waiting: Waiting) {
    this.#firstPause = firstPause;
    this.#waiting = waiting;
  }

  /** Runs `attempt` until it succeeds or asking again is pointless; then throws what the last one threw. */
  async run<Value>(attempt: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const milliseconds = signal.aborted ? null : this.#pauseAfter(error);
        if (milliseconds === null) {
          throw error;
        }
        this.unsure ||= !(error instanceof ApiRefusal && error.statusCode === 429);
        this.#waited += milliseconds;
        this.#waiting.begin(detailOf(error, milliseconds));
        try {
          await pause(milliseconds, undefined, { signal });
        } catch {
          throw signal.reason;
        } finally {
          this.#waiting.end();
        }
      }
    }
  }

  /** Milliseconds, or null where it is not asked again. */
  #pauseAfter(error: unknown): number | null {
    if (!isPassing(error)) {
      return null;
    }
    const announced = error instanceof ApiRefusal ? error.retryAfter : null;
    // Spread, so that requests that failed together do not come back together.
    const doubled = this.#firstPause * 2 ** this.#unannounced * (0.75 + 0.5 * Math.random());
    const milliseconds = Math.max(announced ?? doubled, this.#firstPause);
    if (announced === null) {
      this.#unannounced += 1;
    } else {
      this.#announced += 1;
    }
    const isPatient = this.#announced <= mostAnnounced && this.#unannounced <= mostUnannounced;
    return isPatient && this.#waited + milliseconds <= longestWait ? milliseconds : null;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiRefusal
    ? isBusyStatus(error.statusCode) && !isVerdict(error)
    : broken.has((error as { code?: unknown } | null)?.code as string);
}

function detailOf(error: unknown, milliseconds: number): Cause {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return error instanceof ApiRefusal
    ? cause('serverBusy', { said: saidBy(error), seconds })
    : cause('connectionBroke', { seconds });
}
