/**
 * What the reach check asks and dials from the agent: a name that every cluster has, and a few Services and pods that are
 * ready. Several, spread over namespaces and nodes, because a policy in front of one of them says nothing of the rest. Pure.
 */
import type { Service } from '../../contract/index.ts';
import type { ReachTargets } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';

/** Of each kind. */
const mostTargets = 4;

/**
 * Ports that are not dialled: MySQL counts connections that say nothing as errors and locks their host out
 * (max_connect_errors), and the agent refuses those of kubelets (native/internal/forward/policy.go).
 */
const notDialled: ReadonlySet<number> = new Set([3306, 33060, 10250, 10255]);

export interface TargetChoices {
  readonly homeNamespace: string;
  readonly clusterDomain: string;
}

/**
 * The same for the same catalogue, in the order of trust: the API server's own Service, the cluster's DNS, the home
 * namespace, then one of each other namespace. Whoever may list nothing still has the name.
 */
export function reachTargets(
  catalogue: Catalogue | null,
  { homeNamespace, clusterDomain }: TargetChoices,
): ReachTargets {
  const ready = (catalogue?.services ?? []).filter(isReady);
  const services = spread(
    ready.flatMap((service) => {
      const port = service.ports.find(({ protocol, port }) => protocol === 'TCP' && !notDialled.has(port))?.port;
      const address = service.addresses.find(isIPv4);
      return port === undefined || address === undefined
        ? []
        : [{ target: `${address}:${port}`, group: service.namespace, rank: rankOf(service, homeNamespace) }];
    }),
  );
  const pods = spread(
    ready.flatMap((service) => {
      const port = portOfPods(service);
      // First those of the cluster's DNS: a connection every few seconds disturbs them least.
      const rank = rankOf(service, homeNamespace);
      return port === null
        ? []
        : service.endpoints
            .filter((endpoint) => endpoint.ready && endpoint.pod !== '' && isIPv4(endpoint.address))
            .map(({ address, node }) => ({ target: `${address}:${port}`, group: node, rank }));
    }),
  );
  const name = clusterDomain === '' ? '' : `kubernetes.default.svc.${clusterDomain}`;
  return { name, services, pods };
}

function rankOf({ namespace, name }: Service, homeNamespace: string): number {
  if (namespace === 'default' && name === 'kubernetes') {
    return 0;
  }
  return namespace === 'kube-system' ? 1 : namespace === homeNamespace ? 2 : 3;
}

function isReady({ type, endpoints }: Service): boolean {
  return type !== 'ExternalName' && endpoints.some(({ ready }) => ready);
}

/** Where pods listen, as far as the Service says it by number: a named port is the pod's to translate. */
function portOfPods({ ports }: Service): number | null {
  const found = ports.find(
    ({ protocol, targetPort }) => protocol === 'TCP' && /^\d+$/.test(targetPort) && !notDialled.has(Number(targetPort)),
  );
  return found === undefined ? null : Number(found.targetPort);
}

const isIPv4 = (address: string) => /^[\d.]+$/.test(address);

interface Candidate {
  readonly target: string;
  readonly group: string;
  readonly rank: number;
}

/** The first of each group by rank, then more of the same. */
function spread(candidates: readonly Candidate[]): string[] {
  const ordered = candidates.toSorted((one, other) => one.rank - other.rank);
  const seen = new Set<string>();
  const firsts = ordered.filter(({ group }) => {
    const isFirst = !seen.has(group);
    seen.add(group);
    return isFirst;
  });
  const chosen = new Set([...firsts, ...ordered].map(({ target }) => target));
  return [...chosen].slice(0, mostTargets);
}
