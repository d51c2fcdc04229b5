/** Bad input by the nodes: none takes the agent. Alone, because nothing else finds a node meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from './programs.ts';
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

  it('waits for a node that comes later, and says for what', async () => {
    const { cluster, laptop } = refusals.scene;
    await cluster.kubectl(['cordon', 'node1', 'node2']);
    const connecting = product();
    try {
      // Longer than a taint that nobody tolerates is waited for, and than the case that gave up.
      const later = setTimeout(() => void cluster.kubectl(['uncordon', 'node1']), 24_000);
      const outcome = await connecting.slipway(['connect', ...usual], { deadline: 110_000 });
      clearTimeout(later);
      expect(outcome.stderr).toMatch(/waiting for a node; the scheduler says: 0\/2 nodes are available.*unschedulable/);
      expect(outcome.code, outcome.stderr).toBe(0);
      await must(laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
    } finally {
      await cluster.kubectl(['uncordon', 'node1', 'node2']);
    }
    await refusals.expectUnchanged(connecting);
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
