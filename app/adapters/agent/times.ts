/** How long agents live without us. Kept beside the manifest so that whoever only needs the times loads no client. */
import type { Environment } from '../storage/folders.ts';

export interface AgentTimes {
  /** Seconds from the Job's start, while it is being placed: a pod that never starts goes after this. */
  readonly firstDeadlineSeconds: number;
  /** Seconds from each renewal. Longer than the agent itself waits for a client, so that its own end comes first. */
  readonly renewedDeadlineSeconds: number;
  readonly renewEveryMilliseconds: number;
  /** How long the agent waits for a client before it ends itself, in seconds; 0 leaves it to the agent (600). */
  readonly idleSeconds: number;
  /** How long the agent keeps a client that is silent, in seconds; 0 leaves it to the agent (60). */
  readonly expirySeconds: number;
  /** How much longer it keeps one that has connections, in seconds; 0 leaves it to the agent (5400): a laptop sleeps. */
  readonly keepSeconds: number;
}

/** What the agent does where nothing is said (native/cmd/slipway-agent). Seconds. */
const usual = { idle: 600, expiry: 60, keep: 5400 } as const;

/**
 * Real times, or short ones for the end-to-end tests: SLIPWAY_AGENT_IDLE_SECONDS sets how long an agent waits for its
 * client, SLIPWAY_AGENT_EXPIRY_SECONDS how long it keeps one that is silent, SLIPWAY_AGENT_KEEP_SECONDS how much longer
 * one that has connections (as long as the first where that alone is set), and the deadlines follow.
 */
export function agentTimes(environment: Environment): AgentTimes {
  const idleSeconds = secondsIn(environment.SLIPWAY_AGENT_IDLE_SECONDS);
  const expirySeconds = secondsIn(environment.SLIPWAY_AGENT_EXPIRY_SECONDS);
  const keepSeconds = secondsIn(environment.SLIPWAY_AGENT_KEEP_SECONDS) || idleSeconds;
  const idle = idleSeconds || usual.idle;
  const renewEverySeconds = Math.min(60, Math.max(1, idle / 3));
  // From the last renewal of the Job, the agent lives until its session has expired and it was idle after that.
  const livesAtMost = renewEverySeconds + (expirySeconds || usual.expiry) + (keepSeconds || usual.keep) + idle;
  return {
    firstDeadlineSeconds: Math.min(120, Math.max(15, idle)),
    renewedDeadlineSeconds: Math.ceil(livesAtMost + Math.min(30, idle)),
    renewEveryMilliseconds: renewEverySeconds * 1000,
    idleSeconds,
    expirySeconds,
    keepSeconds,
  };
}

function secondsIn(text: string | undefined): number {
  const value = Number(text ?? '');
  return Number.isInteger(value) && value > 0 ? value : 0;
}
