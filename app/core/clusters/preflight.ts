/** The preflight: what must be true of the cluster before anything is made. Reads only. */
import { cause, failure, type Problem, problem, type Result, success, type Wanted } from '../../contract/index.ts';
import type { KnownNames } from '../naming/names.ts';
import type { ClusterPort } from '../ports.ts';

/** A clock further off than this, in milliseconds, is worth a warning: tokens and certificates live by the minute. */
const tolerableSkew = 60_000;

export interface CheckedCluster {
  /** What makes the connection less than whole. */
  readonly problems: readonly Problem[];
  /** Enough for every short name, however large the catalogue is that follows. */
  readonly names: KnownNames;
}

/** A problem where the connection cannot be made. */
export async function checkCluster(cluster: ClusterPort, wanted: Wanted): Promise<Result<CheckedCluster>> {
  const { homeNamespace } = wanted;
  const [reached, namespaces, headless, rights] = await Promise.all([
    cluster.reach(),
    cluster.listNamespaces(),
    cluster.listHeadless(homeNamespace),
    cluster.checkRights(wanted.agentNamespace),
  ]);
  if (!reached.ok) {
    return reached;
  }
  if (namespaces.ok && namespaces.value.complete) {
    for (const namespace of new Set([wanted.agentNamespace, wanted.homeNamespace])) {
      if (!namespaces.value.namespaces.includes(namespace)) {
        const cause = `the cluster has ${namespaces.value.namespaces.length} namespaces, and none of this name`;
        return failure(problem('namespace-missing', cause, { namespace, context: wanted.context }));
      }
    }
  }
  const missing = rights.ok ? rights.value : [];
  const fatal = missing.find((right) => isNeeded(right, wanted.agentImage));
  if (fatal !== undefined) {
    return failure({ ...fatal, severity: 'error' });
  }
  const warnings: Problem[] = missing.map((right) => ({ ...right, severity: 'warning' }));
  const skew = reached.value.clockSkewMilliseconds;
  if (Math.abs(skew) > tolerableSkew) {
    const seconds = Math.round(Math.abs(skew) / 1000);
    const because = cause(skew > 0 ? 'clockAhead' : 'clockBehind', { seconds });
    warnings.push({ ...problem('clock-wrong', because), severity: 'warning' });
  }
  return success({
    problems: warnings,
    names: {
      namespaces: namespaces.ok ? namespaces.value.namespaces : [],
      headlessOf: homeNamespace,
      headless: headless.ok ? headless.value : [],
    },
  });
}

/** The adapter marks what nothing works without as an error; sending the binary is needed only without an image. */
export function isNeeded({ severity, facts }: Problem, agentImage: string): boolean {
  return severity === 'error' || (facts.resource === 'pods/exec' && agentImage === '');
}
