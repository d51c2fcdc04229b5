/**
 * Moves a Job's deadline on as long as this core wants its agent. `activeDeadlineSeconds` counts from the Job's start
 * (batch/v1 JobSpec), so each renewal is "how old it is now, and so much more", by the API server's clock.
 */
import type { Log } from '../../core/ports.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Job, pathOf } from '../cluster/api-objects.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import type { AgentRecord } from './records.ts';

export interface RenewalOptions {
  readonly deadlineSeconds: number;
  readonly everyMilliseconds: number;
  readonly atOnce: boolean;
  readonly log: Log;
}

/** Returns what ends it. Failures are tried again at the next turn: several fit into one deadline. */
export function keepRenewing(connection: ApiConnection, record: AgentRecord, options: RenewalOptions): () => void {
  let ended = false;
  let startedAt: number | null = null;
  const renew = async () => {
    const path = pathOf('jobs', record.namespace, record.job);
    const attempt = await connection.attempt(async () => {
      if (startedAt === null) {
        const found = await connection.get<Job>(path);
        const start = found.status?.startTime ?? found.metadata?.creationTimestamp;
        startedAt = start === undefined ? null : new Date(start).getTime();
      }
      const age = startedAt === null ? 0 : (connection.serverNow() - startedAt) / 1000;
      const activeDeadlineSeconds = Math.max(1, Math.ceil(age + options.deadlineSeconds));
      if (!ended) {
        await connection.patch(path, { spec: { activeDeadlineSeconds } });
      }
    });
    if (!attempt.ok && !ended) {
      const code = statusCodeOf(attempt.error);
      if (code === 401) {
        await connection.refresh();
      }
      if (code === 404) {
        end();
      }
      options.log.warning('the deadline of the agent could not be renewed', { status: code ?? 0 });
    }
  };
  const timer = setInterval(renew, options.everyMilliseconds);
  timer.unref();
  const end = () => {
    ended = true;
    clearInterval(timer);
  };
  if (options.atOnce) {
    renew().catch(() => undefined);
  }
  return end;
}
