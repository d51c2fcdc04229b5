/**
 * What the reach check asks and dials from the agent: a name that every cluster has, and a few Services and pods that are
 * ready. Several, spread over namespaces and nodes, because a policy in front of one of them says nothing of the rest; pods
 * of the agent's own node by themselves, because a node that lost the others still reaches those. Pure.
 */
import { placeText, type Service, type ServicePort } from '../../contract/index.ts';
import type { ReachTargets } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';
import { httpOfPort } from './http-ports.ts';

/** Of each kind and family. */
const mostTargets = 4;

/** Kubelets' ports, which the agent dials for nobody (native/internal/forward/policy.go). */
const notDialled: ReadonlySet<string> = new Set(['10250', '10255']);

export interface TargetChoices {
  readonly homeNamespace: string;
  readonly clusterDomain: string;
  /** The node of the agent's pod; empty where it is not known. */
  readonly agentNode: string;
}

/**
 * The same for the same catalogue and node: the API server's own Service, the cluster's DNS, the home namespace, then one of each
 * other namespace. Whoever may list nothing still has the name.
 */
export function reachTargets(
  catalogue: Catalogue | null,
  { homeNamespace, clusterDomain, agentNode }: TargetChoices,
): ReachTargets {
  const ready = (catalogue?.services ?? []).filter(isReady);
  const services = spread(
    ready.flatMap((service) => {
      const port = harmlessPort(service);
      const rank = rankOf(service, homeNamespace);
      return port === null || notDialled.has(String(port.port))
        ? []
        : service.addresses.map((address) => ({ address, port: `${port.port}`, group: service.namespace, rank }));
    }),
  );
  const pods = ready.flatMap((service) => {
    const port = harmlessPort(service);
    const rank = rankOf(service, homeNamespace);
    const podPort = port === null ? '' : podPortOf(port);
    return podPort === '' || notDialled.has(podPort)
      ? []
      : service.endpoints
          .filter((endpoint) => endpoint.ready && endpoint.pod !== '')
          .map(({ address, node }) => ({ address, port: podPort, group: node, rank }));
  });
  const name = clusterDomain === '' ? '' : `kubernetes.default.svc.${clusterDomain}`;
  // Of two nodes whose names are not known nobody can say that they are one.
  const isLocal = ({ group }: Candidate) => agentNode !== '' && group === agentNode;
  const localPods = spread(pods.filter(isLocal));
  return {
    name,
    services,
    pods: spread(pods.filter((pod) => !isLocal(pod))),
    ...(localPods.length === 0 ? {} : { localPods }),
  };
}

const isApiServer = ({ namespace, name }: Service) => namespace === 'default' && name === 'kubernetes';
const isDns = ({ namespace, ports }: Service) => namespace === 'kube-system' && ports.some(({ port }) => port === 53);

function rankOf(service: Service, homeNamespace: string): number {
  if (isApiServer(service)) {
    return 0;
  }
  return isDns(service) ? 1 : service.namespace === homeNamespace ? 2 : 3;
}

function isReady({ type, endpoints }: Service): boolean {
  return type !== 'ExternalName' && endpoints.some(({ ready }) => ready);
}

/**
 * A port that a bare connection every few seconds does not disturb: the API server's, DNS's, one that speaks HTTP. Databases
 * count such connections as errors (MySQL's max_connect_errors locks the host out).
 */
function harmlessPort(service: Service): ServicePort | null {
  const tcp = service.ports.filter(({ protocol }) => protocol === 'TCP');
  if (isApiServer(service)) {
    return tcp[0] ?? null;
  }
  return (isDns(service) ? tcp.find(({ port }) => port === 53) : tcp.find((port) => httpOfPort(port) !== null)) ?? null;
}

/** Empty where it is a name that nobody translates, or each pod as it likes. */
function podPortOf({ targetPort, endpointPort }: ServicePort): string {
  return /^\d+$/.test(targetPort) ? targetPort : String(endpointPort ?? '');
}

const isIPv6 = ({ address }: Candidate) => address.includes(':');
const targetOf = ({ address, port }: Candidate) => placeText({ host: address, port: Number(port) });

interface Candidate {
  readonly address: string;
  readonly port: string;
  readonly group: string;
  readonly rank: number;
}

/** Of both families, IPv4 first: the engine judges each by itself. */
function spread(candidates: readonly Candidate[]): string[] {
  const ofFour = candidates.filter((candidate) => !isIPv6(candidate));
  return [...spreadOf(ofFour), ...spreadOf(candidates.filter(isIPv6))];
}

/** The first of each group by rank, then more of the same. */
function spreadOf(candidates: readonly Candidate[]): string[] {
  const ordered = candidates.toSorted((one, other) => one.rank - other.rank);
  const seen = new Set<string>();
  const firsts = ordered.filter(({ group }) => {
    const isFirst = !seen.has(group);
    seen.add(group);
    return isFirst;
  });
  const chosen = new Set([...firsts, ...ordered].map(targetOf));
  return [...chosen].slice(0, mostTargets);
}
