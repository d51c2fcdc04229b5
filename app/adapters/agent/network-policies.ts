/**
 * Which NetworkPolicies restrict what the agent's pod may send, for the words of a failure. Rights to read them are none
 * that Slipway asks for.
 */
import { type Result, success } from '../../contract/index.ts';
import type { AgentPlaced } from '../../core/ports.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type NetworkPolicy, type Pod, pathOf } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';

/**
 * Names of policies of the pod's namespace that select it and have the type Egress. Policies add up
 * (networking.k8s.io/v1): where one of them allows everything, none restricts.
 */
export async function policiesOf(
  connection: ApiConnection,
  { target }: AgentPlaced,
): Promise<Result<readonly string[]>> {
  const { namespace, pod } = target;
  const found = await connection.ask(asked('get', '', 'pods', namespace), () =>
    connection.get<Pod>(pathOf('pods', namespace, pod)),
  );
  if (!found.ok) {
    return found;
  }
  const listed = await connection.ask(asked('list', 'networking.k8s.io', 'networkpolicies', namespace), () =>
    connection.list<NetworkPolicy>(pathOf('networkpolicies', namespace)),
  );
  if (!listed.ok) {
    return listed;
  }
  const labels = found.value.metadata?.labels ?? {};
  const selecting = listed.value.items.filter((policy) => isOfEgress(policy) && selects(policy, labels));
  return success(selecting.some(allowsAll) ? [] : selecting.map(({ metadata }) => metadata?.name ?? ''));
}

/** Without types a policy is one of ingress, and of egress where it has rules for that. */
function isOfEgress({ spec }: NetworkPolicy): boolean {
  const types = spec?.policyTypes ?? [];
  return types.length === 0 ? (spec?.egress ?? []).length > 0 : types.includes('Egress');
}

function allowsAll({ spec }: NetworkPolicy): boolean {
  return (spec?.egress ?? []).some((rule) => (rule.to ?? []).length === 0 && (rule.ports ?? []).length === 0);
}

/** A label selector (meta/v1): an empty one selects every pod. */
function selects({ spec }: NetworkPolicy, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec?.podSelector ?? {};
  const isEqual = Object.entries(matchLabels ?? {}).every(([name, value]) => labels[name] === value);
  return (
    isEqual &&
    (matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && (values ?? []).includes(value);
        case 'NotIn':
          return value === undefined || !(values ?? []).includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined; // DoesNotExist
      }
    })
  );
}

function asked(verb: string, group: string, resource: string, namespace: string): Asked {
  return { verb, group, resource, namespace, purpose: 'other' };
}
