/** A namespace of a cluster that is not the sandbox: what its admission wants of a pod, the agent's has, and connects. */
import { expect } from 'vitest';
import { must } from './programs.ts';
import { type Refusals, usual } from './refusals.ts';

export const agentIn = (namespace: string, ...more: string[]) => [...usual, '--agent-namespace', namespace, ...more];

/** Connects with the agent in this namespace; answers what was said meanwhile. */
export async function connectsFrom(refusals: Refusals, namespace: string, ...more: string[]): Promise<string> {
  const { scene } = refusals;
  const product = refusals.productWith(refusals.kubeconfig);
  const outcome = await product.slipway(['connect', ...agentIn(namespace, ...more)], { deadline: 110_000 });
  expect(outcome.code, outcome.stderr).toBe(0);
  await must(scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
  // Those of forms that were refused are being deleted, and a node tells a second later than the agent serves that its pod runs.
  const phases = async () =>
    (await scene.agents()).filter(({ metadata }) => metadata.namespace === namespace).map(({ status }) => status.phase);
  await expect.poll(phases, { timeout: 20_000, interval: 100 }).toEqual(['Running']);
  await refusals.expectUnchanged(product);
  return outcome.stderr;
}
