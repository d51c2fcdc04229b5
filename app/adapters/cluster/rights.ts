/** Asks the API server which of the rights that Slipway uses this account has (SelfSubjectAccessReview). */
import { type Problem, type Result, success } from '../../contract/index.ts';
import type { ApiConnection } from './api-connection.ts';
import type { AccessReview } from './api-objects.ts';
import { type Asked, forbiddenProblem } from './problems.ts';
import { agentRules, catalogueRules, isByName, type Rule } from './roles.ts';

/**
 * Rights without which there is no connection at all, or none that lasts or goes again; the others only take something
 * away. Not here: pods/exec, which only whoever sends the agent needs (the preflight knows), and get on
 * pods/portforward, without which the engine falls back to SPDY.
 */
const essential: ReadonlySet<string> = new Set([
  'create jobs',
  'get jobs',
  'patch jobs', // moves the agent's deadline on: without it the agent ends two minutes later
  'delete jobs',
  'get pods',
  'list pods',
  'watch pods',
  'create pods/portforward',
]);

/** The missing ones, errors first. `job` is what the agent's Job will be called: rights may be bound to it. */
export async function checkRights(
  connection: ApiConnection,
  namespace: string,
  job: string,
): Promise<Result<Problem[]>> {
  const asked: Asked[] = [
    ...agentRules.flatMap((rule) => permissionsOf(rule, namespace, 'agent', job)),
    ...catalogueRules.flatMap((rule) => permissionsOf(rule, '', 'catalogue')),
  ];
  const reviewed = await Promise.all(asked.map((permission) => review(connection, permission)));
  const missing: Asked[] = [];
  for (const [index, answer] of reviewed.entries()) {
    if (!answer.ok) {
      return answer;
    }
    const permission = asked[index];
    if (!answer.value && permission !== undefined) {
      missing.push(permission);
    }
  }
  const isAlone = ({ purpose, verb, resource }: Asked) =>
    purpose === 'agent' && (essential.has(`${verb} ${resource}`) || resource === 'pods/exec');
  const alone = missing.filter(isAlone).map((permission): Problem => {
    const told = grouped([permission]);
    return essential.has(`${permission.verb} ${permission.resource}`) ? { ...told, severity: 'error' } : told;
  });
  const others = (['agent', 'catalogue'] as const)
    .map((purpose) => missing.filter((permission) => permission.purpose === purpose && !isAlone(permission)))
    .filter((group) => group.length > 0)
    .map(grouped);
  const problems = [...alone, ...others];
  return success(problems.sort((one, other) => Number(other.severity === 'error') - Number(one.severity === 'error')));
}

/** One warning for all that is missing of one kind: it is one Role that helps. */
function grouped(missing: readonly Asked[]): Problem {
  const [first = expectOne()] = missing;
  const unique = (values: readonly string[]) => [...new Set(values)].join(', ');
  const asked: Asked = {
    ...first,
    verb: unique(missing.map(({ verb }) => verb)),
    resource: unique(missing.map(({ resource }) => resource)),
  };
  const where = first.namespace === '' ? 'in the whole cluster' : `in the namespace ${first.namespace}`;
  const words = `this account may not ${asked.verb} ${asked.resource} ${where}`;
  const isFew = first.purpose === 'catalogue';
  const effect = isFew ? ', so names and ranges are known as far as the namespace shows that was chosen' : '';
  return { ...forbiddenProblem(asked, `${words}${effect}`), severity: 'warning' };
}

function expectOne(): never {
  throw new Error('no right is missing in this group');
}

function permissionsOf(rule: Rule, namespace: string, purpose: Asked['purpose'], job = ''): Asked[] {
  return rule.resources.flatMap((resource) =>
    rule.verbs.map((verb) => ({ verb, group: rule.apiGroups[0] ?? '', resource, namespace, purpose, job })),
  );
}

async function review(connection: ApiConnection, permission: Asked): Promise<Result<boolean>> {
  const [resource, subresource] = permission.resource.split('/');
  const asking: Asked = {
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'selfsubjectaccessreviews',
    namespace: '',
    purpose: 'other',
  };
  const answer = await connection.ask(asking, () =>
    connection.post<AccessReview>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          verb: permission.verb,
          group: permission.group,
          resource: resource ?? '',
          ...(subresource === undefined ? {} : { subresource }),
          ...(permission.namespace === '' ? {} : { namespace: permission.namespace }),
          ...(permission.job !== undefined && isByName(permission.resource, permission.verb)
            ? { name: permission.job }
            : {}),
        },
      },
    }),
  );
  if (!answer.ok) {
    return answer;
  }
  return success(answer.value.status?.allowed === true);
}
