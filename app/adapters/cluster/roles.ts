/**
 * The rights that Slipway uses, and the Role or ClusterRole to ask an administrator for, as YAML to copy. A Role names
 * what is needed and no more: RBAC can bind get, patch and delete to the name of one object, but neither create (there is
 * no object yet) nor list and watch, and it knows no prefixes (kubernetes.io/docs/reference/access-authn-authz/rbac).
 */
import { Document, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { nameLabel } from '../agent/manifest.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface ExplainedRule extends Rule {
  /** Why it is asked for, as a comment in the Role. */
  readonly why: string;
  /** Asked of the agent's own Job only. */
  readonly byName?: true;
}

/** In the agent's namespace. Kubernetes 1.35 asks for create on WebSocket port-forwards and execs, older ones for get. */
const explained: readonly ExplainedRule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'], why: 'makes the agent' },
  {
    apiGroups: ['batch'],
    resources: ['jobs'],
    verbs: ['get', 'patch', 'delete'],
    why: 'moves the deadline of its own agent on, and deletes it',
    byName: true,
  },
  {
    apiGroups: [''],
    resources: ['pods'],
    verbs: ['get', 'list', 'watch'],
    why: "sees the agent's pod start and end; a Job chooses the names of its pods, so that they cannot be named here",
  },
  {
    apiGroups: [''],
    resources: ['pods/portforward'],
    verbs: ['create', 'get'],
    why: 'reaches the agent; older API servers ask for get',
  },
  {
    apiGroups: [''],
    resources: ['pods/exec'],
    verbs: ['create', 'get'],
    why: 'sends the agent into its pod; leave it out where an image has the agent inside (--agent-image)',
  },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'], why: 'only for its last words where it fails' },
  { apiGroups: [''], resources: ['events'], verbs: ['list'], why: 'only for why its pod does not start' },
];
export const agentRules: readonly Rule[] = explained.map(({ apiGroups, resources, verbs }) => ({
  apiGroups,
  resources,
  verbs,
}));

/** Whether RBAC may bind this right to the name of the agent's Job. */
export function isByName(resource: string, verb: string): boolean {
  return explained.some(
    (rule) => rule.byName === true && rule.resources.includes(resource) && rule.verbs.includes(verb),
  );
}

/** In the whole cluster: names, Services and the ranges. Each one that is missing takes something away, by name. */
export const catalogueRules: readonly Rule[] = [
  { apiGroups: [''], resources: ['namespaces', 'services'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['list'] },
  { apiGroups: ['networking.k8s.io'], resources: ['servicecidrs'], verbs: ['list'] },
];

/** Without it everything works but the list of pods: nobody is told of its lack before they look at that. */
const podRule: Rule = { apiGroups: [''], resources: ['pods'], verbs: ['watch'] };

const rbac = 'rbac.authorization.k8s.io/v1';

/** The Role, and behind it a NetworkPolicy that an administrator may add. `job` empty: for agents of any name. */
export function agentRole(namespace: string, job: string): string {
  const role = new Document({
    apiVersion: rbac,
    kind: 'Role',
    metadata: { name: 'slipway-agent', namespace },
    rules: explained.map(({ apiGroups, resources, verbs, byName }) => ({
      apiGroups,
      resources,
      ...(byName === true && job !== '' ? { resourceNames: [job] } : {}),
      verbs,
    })),
  });
  const rules = (role.contents as YAMLMap).get('rules') as YAMLSeq<YAMLMap>;
  for (const [index, { why }] of explained.entries()) {
    const rule = rules.items[index];
    if (rule !== undefined) {
      rule.commentBefore = ` ${why}`;
    }
  }
  return `${role.toString({ lineWidth: 0 })}---\n${agentNetworkPolicy(namespace)}`;
}

/**
 * What the agent needs of the network and no more: nobody opens connections to its pod (port-forward comes by the pod's
 * own loopback), and it opens them to pods and to DNS. Service addresses are pods by the time that policies look.
 */
function agentNetworkPolicy(namespace: string): string {
  const policy = new Document({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'slipway-agent', namespace },
    spec: {
      podSelector: { matchLabels: { [nameLabel]: 'slipway-agent' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [
        { to: [{ namespaceSelector: {} }] },
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    },
  });
  policy.commentBefore = [
    ' Optional: keeps whoever uses the agent to the pods of this cluster. Narrow namespaceSelector to what they may reach,',
    ' and add an ipBlock for what is no pod (the API server, nodes, addresses outside).',
  ].join('\n');
  return policy.toString({ lineWidth: 0 });
}

/** For the Service of a direct path, which the user agreed to. */
export function directRole(namespace: string, job: string): string {
  const services = { apiGroups: [''], resources: ['services'] };
  const named = job === '' ? {} : { resourceNames: [job] };
  return stringify({
    apiVersion: rbac,
    kind: 'Role',
    metadata: { name: 'slipway-direct-path', namespace },
    rules: [
      { ...services, verbs: ['create'] },
      { ...services, ...named, verbs: ['get', 'delete'] },
    ],
  });
}

export function catalogueClusterRole(): string {
  const role = new Document({
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'slipway-catalogue' },
    rules: [...catalogueRules, podRule],
  });
  const rules = (role.contents as YAMLMap).get('rules') as YAMLSeq<YAMLMap>;
  const last = rules.items.at(-1);
  if (last !== undefined) {
    last.commentBefore = ' optional: only to look at pods (the tab Pods)';
  }
  return role.toString({ lineWidth: 0 });
}

/** The smallest role for one thing; a Role where it is asked of a namespace. */
export function roleFor(rule: Rule, namespace: string): string {
  return stringify({
    apiVersion: rbac,
    kind: namespace === '' ? 'ClusterRole' : 'Role',
    metadata: namespace === '' ? { name: 'slipway' } : { name: 'slipway', namespace },
    rules: [rule],
  });
}
