/** Looks after an agent's process while the engine tries to reach it: one that crashed is told with its last words. And its end. */
import { type Problem, problem } from '../../contract/index.ts';
import type { AgentPlaced, Clock, ClusterPort } from '../ports.ts';

/** How often, in milliseconds. The cluster forgets an ended agent with its words after ten seconds. */
const lookEvery = 1000;

/** Looks while `isWanted`; tells at most once why the agent ended. */
export function watchAgentStart(
  clock: Clock,
  cluster: ClusterPort,
  placed: AgentPlaced,
  isWanted: () => boolean,
  tell: (because: Problem) => void,
): void {
  clock.after(lookEvery, async () => {
    if (!isWanted()) {
      return;
    }
    const end = await cluster.agentEnd(placed);
    if (!isWanted()) {
      return;
    }
    if (end.ok && end.value !== null) {
      tell(end.value);
    } else {
      watchAgentStart(clock, cluster, placed, isWanted, tell);
    }
  });
}

/** Deletes it, and says what stood in the way; null: nothing, or its cluster is closed. */
export async function deleteAgent(cluster: ClusterPort | null, placed: AgentPlaced): Promise<Problem | null> {
  try {
    const deleted = await cluster?.deleteAgent(placed);
    return deleted === undefined || deleted.ok ? null : deleted.problem;
  } catch (error) {
    return problem('internal', error instanceof Error ? error.message : 'unknown error');
  }
}
