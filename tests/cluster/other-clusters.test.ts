/** Namespaces of clusters that are not the sandbox: what their admission wants of a pod, the agent's has, and connects. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { withPolicy } from './admission-policy.ts';
import { must } from './programs.ts';
import { Refusals, usual } from './refusals.ts';

describe('an agent fits into', () => {
  let refusals: Refusals;
  const agentIn = (namespace: string, ...more: string[]) => [...usual, '--agent-namespace', namespace, ...more];

  beforeAll(async () => {
    refusals = await Refusals.begin('other-clusters');
  });
  afterAll(() => refusals.close());

  /** Connects with the agent in this namespace; answers what was said meanwhile. */
  async function connects(namespace: string, ...more: string[]) {
    const { scene } = refusals;
    const product = refusals.productWith(refusals.kubeconfig);
    const outcome = await product.slipway(['connect', ...agentIn(namespace, ...more)], { deadline: 110_000 });
    expect(outcome.code, outcome.stderr).toBe(0);
    await must(scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
    const pods = (await scene.agents()).filter(({ metadata }) => metadata.namespace === namespace);
    expect(pods.map(({ status }) => status.phase)).toEqual(['Running']);
    await refusals.expectUnchanged(product);
    return outcome.stderr;
  }

  const apply = (...objects: object[]) =>
    refusals.scene.cluster.kubectl(['apply', '-f', '-'], objects.map((one) => stringify(one)).join('---\n'));

  it('constraints that allow only users of their own', () =>
    refusals.inNamespace('others-scc', () =>
      withPolicy(
        refusals.scene,
        'others-scc',
        {
          group: '',
          resource: 'pods',
          expression:
            '(!has(object.spec.securityContext.runAsUser) || object.spec.securityContext.runAsUser >= 1000630000) && (!has(object.spec.securityContext.fsGroup) || object.spec.securityContext.fsGroup >= 1000630000)',
          message:
            'unable to validate against any security context constraint: [provider "restricted-v2": .spec.securityContext.fsGroup: Invalid value: [65532]: 65532 is not an allowed group, .containers[0].runAsUser: Invalid value: 65532: must be in the ranges: [1000630000, 1000639999]]',
        },
        () => connects('others-scc'),
      ),
    ));

  it('a LimitRange with least, most and ratio, beside a quota that wants all to be said', () =>
    refusals.inNamespace('others-limits', async () => {
      const metadata = { name: 'team', namespace: 'others-limits' };
      await apply(
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata,
          spec: {
            limits: [
              {
                type: 'Container',
                min: { cpu: '50m', memory: '48Mi' },
                max: { cpu: '500m', memory: '128Mi' },
                maxLimitRequestRatio: { cpu: '5', memory: '2' },
              },
            ],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata,
          spec: {
            hard: {
              'limits.cpu': '1',
              'limits.memory': '256Mi',
              'limits.ephemeral-storage': '1Gi',
              'requests.ephemeral-storage': '1Gi',
              'count/jobs.batch': '1',
              pods: '1',
            },
          },
        },
      );
      await connects('others-limits');
    }));

  it('a policy that wants a label, once a file gives it', () =>
    refusals.inNamespace('others-label', () =>
      withPolicy(
        refusals.scene,
        'others-label',
        {
          group: '',
          resource: 'pods',
          expression: "has(object.metadata.labels) && 'team' in object.metadata.labels",
          message: 'every pod needs the label team',
        },
        async () => {
          await refusals.refused(refusals.productWith(refusals.kubeconfig), agentIn('others-label'), {
            code: 'agent-refused',
            exitCode: 5,
            cause: 'every pod needs the label team',
            fix: '--agent-pod-file FILE',
          });
          const file = join(refusals.folder(), 'agent-pod.yaml');
          writeFileSync(file, 'metadata:\n  labels:\n    team: payments\n');
          const shown = await connects('others-label', '--agent-pod-file', file);
          expect(shown).toContain('+ metadata.labels.team: "payments"');
        },
      ),
    ));

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
