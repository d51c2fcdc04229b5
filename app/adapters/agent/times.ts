/** How long agents live without us. Kept beside the manifest so that whoever only needs the times loads no client. */
import type { Environment } from '../folders.ts';

export interface AgentTimes {
  /** Seconds from the Job's start, while it is being placed: a pod that never starts goes after this. */
  readonly firstDeadlineSeconds: number;
  /** Seconds from each renewal. Longer than the agent itself waits for a client, so that its own end comes first. */
  readonly renewedDeadlineSeconds: number;
  readonly renewEveryMilliseconds: number;
  /** How long the agent waits for a client before it ends itself, in seconds; 0 leaves it to the agent (600). */
  readonly idleSeconds: number;
}

/**
 * Real times, or short ones for the end-to-end tests: SLIPWAY_AGENT_IDLE_SECONDS sets how long an agent waits for its
 * client, and the deadlines follow.
 */
export function agentTimes(environment: Environment): AgentTimes {
  const wished = Number(environment.SLIPWAY_AGENT_IDLE_SECONDS ?? '');
  const idleSeconds = Number.isInteger(wished) && wished > 0 ? wished : 0;
  const waits = idleSeconds === 0 ? 600 : idleSeconds;
  return {
    firstDeadlineSeconds: Math.min(120, Math.max(15, waits)),
    renewedDeadlineSeconds: waits + Math.min(60, waits),
    renewEveryMilliseconds: Math.min(60_000, Math.max(1_000, (waits * 1000) / 3)),
    idleSeconds,
  };
}
