/** A ValidatingAdmissionPolicy of one namespace, for the time of a piece of work, in force before it begins. */
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from './programs.ts';
import type { Scene } from './scene.ts';

export interface AdmissionRule {
  /** Group and plural name of what it judges when it is created. */
  readonly group: string;
  readonly resource: 'pods' | 'jobs';
  /** CEL: what has to be true of `object`. */
  readonly expression: string;
  readonly message: string;
}

/** What asks whether the policy is in force must be refused, whatever it is. */
const notTheProbe = {
  pods: "object.spec.containers.all(one, one.image != 'x')",
  jobs: "object.spec.template.spec.containers.all(one, one.image != 'x')",
} as const;

export async function withPolicy(
  { cluster }: Scene,
  namespace: string,
  { group, resource, expression, message }: AdmissionRule,
  work: () => Promise<unknown>,
): Promise<void> {
  const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: namespace } };
  const documents = [
    {
      ...policy,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }],
        },
        validations: [{ expression: `${notTheProbe[resource]} && (${expression})`, message }],
      },
    },
    {
      ...policy,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: namespace, validationActions: ['Deny'] },
    },
  ];
  await cluster.kubectl(['apply', '-f', '-'], documents.map((document) => stringify(document)).join('---\n'));
  try {
    const probe = resource === 'pods' ? ['run', 'probe', '--image=x'] : ['create', 'job', 'probe', '--image=x'];
    const isInForce = () =>
      cluster.kubectl([...probe, '-n', namespace, '--dry-run=server']).then(
        () => false,
        (error) => String(error).includes(message.slice(0, 40)),
      );
    expect(await eventually(isInForce, 30_000)).toBe(true);
    await work();
  } finally {
    await cluster.kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', namespace]);
  }
}
