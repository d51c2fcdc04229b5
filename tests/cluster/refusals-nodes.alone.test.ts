/** Bad input by the nodes: none takes the agent. Alone, because nothing else finds a node meanwhile. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Refusals, usual } from './refusals.ts';

describe('an agent', () => {
  let refusals: Refusals;
  const product = (environment: Record<string, string> = {}) => refusals.productWith(refusals.kubeconfig, environment);

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-nodes');
  });
  afterAll(() => refusals.close());

  it('that finds no node, in the scheduler’s words', async () => {
    const { cluster } = refusals.scene;
    await cluster.kubectl(['taint', 'nodes', '--all', 'refusals=full:NoSchedule']);
    try {
      await refusals.refused(product(), usual, {
        code: 'agent-unschedulable',
        exitCode: 5,
        cause: /0\/2 nodes are available.*untolerated taint/,
        fix: 'choose another namespace',
      });
    } finally {
      await cluster.kubectl(['taint', 'nodes', '--all', 'refusals-']);
    }
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
