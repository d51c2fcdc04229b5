/** What a name is in a cluster: the forms that pods resolve (Kubernetes DNS specification 1.1), read as a person types them. Pure. */
import type { Service } from '../../contract/index.ts';

export interface NameScopeOf {
  readonly services: readonly Service[];
  readonly namespaces: readonly string[];
  readonly homeNamespace: string;
  readonly clusterDomain: string;
}

export interface NamedInCluster {
  /** A name that can be nothing but the cluster's: it ends in its domain, `svc`, or one of its namespaces. */
  readonly isOfCluster: boolean;
  readonly service: Service | null;
}

/** `host` in lower case, without the dot at its end. */
export function nameInCluster(host: string, scope: NameScopeOf): NamedInCluster {
  const domain = `.${scope.clusterDomain || 'cluster.local'}`;
  const isWhole = host.endsWith(domain);
  const labels = (isWhole ? host.slice(0, -domain.length) : host).split('.');
  const hasKind = labels.at(-1) === 'svc' && labels.length > 2;
  const rest = hasKind ? labels.slice(0, -1) : labels;
  const find = (namespace: string | undefined, name: string | undefined) =>
    scope.services.find((one) => one.namespace === namespace && one.name === name) ?? null;
  const namespaces = new Set([...scope.namespaces, ...scope.services.map(({ namespace }) => namespace)]);
  if (rest.length === 1) {
    const service = find(scope.homeNamespace, rest[0]);
    return { isOfCluster: isWhole || service !== null, service };
  }
  const namespace = rest.at(-1) ?? '';
  // A pod's own name may stand before (hostname.service.namespace).
  const service = find(namespace, rest.at(-2));
  return { isOfCluster: isWhole || hasKind || namespaces.has(namespace), service };
}
