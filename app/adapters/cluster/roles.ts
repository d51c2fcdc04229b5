/** The rights that Slipway uses, and the Role or ClusterRole to ask an administrator for, as YAML to copy. */
import { stringify } from 'yaml';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** In the agent's namespace. Kubernetes 1.35 asks for create on WebSocket port-forwards and execs, older ones for get. */
export const agentRules: readonly Rule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['create', 'get'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
];

/** In the whole cluster: names, Services and the ranges. Each one that is missing takes something away, by name. */
export const catalogueRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['namespaces', 'services'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['list'] },
  { apiGroups: ['networking.k8s.io'], resources: ['servicecidrs'], verbs: ['list'] },
];

export function agentRole(namespace: string): string {
  return stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'slipway-agent', namespace },
    rules: agentRules,
  });
}

export function catalogueClusterRole(): string {
  return stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'slipway-catalogue' },
    rules: catalogueRules,
  });
}

/** The smallest role for one thing; a Role where it is asked of a namespace. */
export function roleFor(rule: Rule, namespace: string): string {
  return stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: namespace === '' ? 'ClusterRole' : 'Role',
    metadata: namespace === '' ? { name: 'slipway' } : { name: 'slipway', namespace },
    rules: [rule],
  });
}
