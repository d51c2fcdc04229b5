/** Namespaces whose limits and quotas the agent's pod must keep to (see other-clusters.ts). */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { stringify } from 'yaml';
import { connectsFrom } from './other-clusters.ts';
import { Refusals } from './refusals.ts';

describe('an agent fits into', () => {
  let refusals: Refusals;

  beforeAll(async () => {
    refusals = await Refusals.begin('others-limits');
  });
  afterAll(() => refusals.close());

  const apply = (...objects: object[]) =>
    refusals.scene.cluster.kubectl(['apply', '-f', '-'], objects.map((one) => stringify(one)).join('---\n'));

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
      await connectsFrom(refusals, 'others-limits');
    }));

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
