/** Bad input by the agent's namespace: quotas and policies that refuse it; and one that does not, however strict. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withPolicy } from './admission-policy.ts';
import { must } from './programs.ts';
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
  ] as const)(
    'in a namespace with a policy against its %s, in the policy’s words',
    async (resource, group, expression) => {
      const namespace = `refusals-policy-${resource}`;
      const rule = { group, resource, expression, message: `our rules forbid these ${resource}` };
      await refusals.inNamespace(namespace, () =>
        withPolicy(refusals.scene, namespace, rule, async () => {
          await refusals.refused(product(), agentIn(namespace), {
            code: 'agent-refused',
            exitCode: 5,
            cause: `our rules forbid these ${resource}`,
            fix: '--agent-namespace NAMESPACE',
          });
        }),
      );
    },
  );

  it('in a namespace that enforces PodSecurity `restricted` is not refused', async () => {
    const connecting = product();
    await connecting.connect(...agentIn('restricted'));
    const agents = async () =>
      (await refusals.scene.agents()).map(({ metadata, status }) => `${status.phase} in ${metadata.namespace}`);
    // A node tells a second later than the agent serves that its pod runs.
    await expect.poll(agents, { timeout: 20_000, interval: 100 }).toEqual(['Running in restricted']);
    await must(refusals.scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
    await refusals.expectUnchanged(connecting);
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
