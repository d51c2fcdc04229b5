/** Long work that is not a connection: shown in the snapshot with its progress, cancelled, and kept a while when it ended. */
import { failure, type Problem, problem, type Result, type Work } from '../../contract/index.ts';
import type { Activity } from '../activity/activity.ts';
import type { Clock } from '../ports.ts';

/** How long ended work is shown, in milliseconds. */
const shownAfterEnd = 600_000;

export type Progress = (text: string, fraction: number | null) => void;

export interface Job<Value> {
  readonly id: string;
  readonly result: Promise<Result<Value>>;
}

export interface Jobs {
  /** Work of this kind that has not ended; null for none. */
  running(kind: Work['kind']): string | null;
  begin<Value>(
    kind: Work['kind'],
    run: (progress: Progress, signal: AbortSignal) => Promise<Result<Value>>,
  ): Job<Value>;
  /** False where there is no such work. Work that has ended stays as it is. */
  cancel(id: string): boolean;
  /** Cancels everything and settles when it has ended. */
  close(): Promise<void>;
}

export function createJobs(
  clock: Clock,
  activity: Activity,
  list: () => readonly Work[],
  setList: (work: readonly Work[]) => void,
): Jobs {
  let count = 0;
  const aborts = new Map<string, AbortController>();
  const ends = new Set<Promise<unknown>>();
  const change = (id: string, what: Partial<Work>) =>
    setList(list().map((one) => (one.id === id ? { ...one, ...what } : one)));
  const isOn = ({ endedAt }: Work) => endedAt === null;

  const end = (id: string, kind: Work['kind'], state: Work['state'], because: Problem | null) => {
    aborts.delete(id);
    change(id, { state, endedAt: clock.now(), problem: state === 'failed' ? because : null, fraction: null });
    const severity = state === 'failed' ? 'error' : 'info';
    activity.note({
      kind: 'work-ended',
      severity,
      facts: { work: kind, state },
      problem: state === 'failed' ? because : null,
    });
    clock.after(shownAfterEnd, () => setList(list().filter((one) => one.id !== id)));
  };

  return {
    running: (kind) => list().find((one) => one.kind === kind && isOn(one))?.id ?? null,

    begin: (kind, run) => {
      count += 1;
      const id = `${kind}-${count}`;
      const abort = new AbortController();
      aborts.set(id, abort);
      const started: Work = {
        id,
        kind,
        state: 'running',
        startedAt: clock.now(),
        endedAt: null,
        text: '',
        fraction: null,
        problem: null,
      };
      setList([...list(), started]);
      const progress: Progress = (text, fraction) => change(id, { text, fraction });
      const result = run(progress, abort.signal)
        .catch((error: unknown) =>
          failure(problem('internal', error instanceof Error ? error.message : 'unknown error')),
        )
        .then((ended) => {
          // What ended well before the cancelling was heard is done all the same.
          end(
            id,
            kind,
            ended.ok ? 'done' : abort.signal.aborted ? 'cancelled' : 'failed',
            ended.ok ? null : ended.problem,
          );
          return ended;
        });
      ends.add(result);
      void result.finally(() => ends.delete(result));
      return { id, result };
    },

    cancel: (id) => {
      const work = list().find((one) => one.id === id);
      if (work !== undefined && isOn(work)) {
        change(id, { state: 'cancelling' });
        aborts.get(id)?.abort();
      }
      return work !== undefined;
    },

    close: async () => {
      for (const abort of aborts.values()) {
        abort.abort();
      }
      await Promise.all(ends);
    },
  };
}
