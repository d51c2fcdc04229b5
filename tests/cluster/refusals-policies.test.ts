/** Bad input by the agent's namespace: quotas and policies that refuse it; and one that does not, however strict. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { eventually, must } from './programs.ts';
import { Refusals, usual } from './refusals.ts';

describe('an agent', () => {
  let refusals: Refusals;
  const product = (environment: Record<string, string> = {}) => refusals.productWith(refusals.kubeconfig, environment);
  const agentIn = (namespace: string, ...more: string[]) => [...usual, '--agent-namespace', namespace, ...more];

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-policies');
  });
  afterAll(() => refusals.close());

  it('in a namespace whose quota refuses pods', () =>
    refusals.inNamespace('refusals-full', async () => {
      await refusals.scene.cluster.kubectl(['create', 'quota', 'none', '-n', 'refusals-full', '--hard=pods=0']);
      await refusals.refused(product(), agentIn('refusals-full'), {
        code: 'agent-refused',
        exitCode: 5,
        cause: 'exceeded quota: none',
        fix: '--agent-namespace NAMESPACE',
      });
    }));

  it.each([
    ['pods', '', "object.spec.containers.all(one, one.image.startsWith('registry.example.test/'))"],
    ['jobs', 'batch', 'false'],
  ])('in a namespace with a policy against its %s, in the policy’s words', async (resource, group, expression) => {
    const namespace = `refusals-policy-${resource}`;
    await refusals.inNamespace(namespace, () =>
      withPolicy(namespace, group, resource, expression, async () => {
        await refusals.refused(product(), agentIn(namespace), {
          code: 'agent-refused',
          exitCode: 5,
          cause: `our rules forbid these ${resource}`,
          fix: '--agent-namespace NAMESPACE',
        });
      }),
    );
  });

  it('in a namespace that enforces PodSecurity `restricted` is not refused', async () => {
    const connecting = product();
    await connecting.connect(...agentIn('restricted'));
    const pods = await refusals.scene.agents();
    expect(pods.map(({ metadata, status }) => [metadata.namespace, status.phase])).toEqual([['restricted', 'Running']]);
    await must(refusals.scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
    await refusals.expectUnchanged(connecting);
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());

  async function withPolicy(
    namespace: string,
    group: string,
    resource: string,
    expression: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const { cluster } = refusals.scene;
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
          validations: [{ expression, message: `our rules forbid these ${resource}` }],
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
          (error) => String(error).includes('our rules forbid'),
        );
      expect(await eventually(isInForce, 30_000)).toBe(true);
      await work();
    } finally {
      const kinds = 'validatingadmissionpolicybinding,validatingadmissionpolicy';
      await cluster.kubectl(['delete', kinds, namespace]);
    }
  }
});
