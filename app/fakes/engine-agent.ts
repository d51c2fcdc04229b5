/** What a fake engine knows of its agent in the fake cluster. */
import { type Problem, problem } from '../contract/index.ts';
import type { SessionAddresses } from '../core/engine-messages.ts';
import type { FakeCluster } from './cluster.ts';

/** Why it cannot be reached now; null where it can. */
export function problemOfAgent(cluster: FakeCluster, agent: string, token: string): Problem | null {
  if (!cluster.isReachable) {
    return problem('api-unreachable', 'connection refused');
  }
  if (token !== cluster.token) {
    return problem('unauthorized', 'the API server answered 401');
  }
  return cluster.agents.get(agent) === true ? null : problem('agent-gone', `${agent} not found`);
}

export const factsOfAgent = ({ domain }: FakeCluster, search: string[]) => ({
  build: 'fake-build',
  nameservers: ['10.96.0.10'],
  clusterDomain: domain,
  search,
  canPing: true,
});

export const addressesOf = (process: number): SessionAddresses[] => [
  { laptop: `198.18.${process}.2`, engine: `198.18.${process}.3` },
];
