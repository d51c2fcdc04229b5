/** Namespaces whose policies want something of the agent's pod (see other-clusters.ts). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withPolicy } from './admission-policy.ts';
import { agentIn, connectsFrom } from './other-clusters.ts';
import { Refusals } from './refusals.ts';

describe('an agent fits into', () => {
  let refusals: Refusals;

  beforeAll(async () => {
    refusals = await Refusals.begin('others-policies');
  });
  afterAll(() => refusals.close());

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
        () => connectsFrom(refusals, 'others-scc'),
      ),
    ));

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
          const shown = await connectsFrom(refusals, 'others-label', '--agent-pod-file', file);
          expect(shown).toContain('+ metadata.labels.team: "payments"');
        },
      ),
    ));

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
