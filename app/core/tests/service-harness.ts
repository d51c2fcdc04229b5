/** The test of one Service, with its steps by their names. */
import { expect } from 'vitest';
import type { CommandInput } from '../../contract/index.ts';
import type { CoreHarness } from './core-harness.ts';

export const orders = { context: 'production', namespace: 'webshop', service: 'orders', port: 80 };

export async function tested(harness: CoreHarness, more: Partial<CommandInput<'testService'>> = {}) {
  const answer = await harness.call('testService', { ...orders, ...more });
  if (!answer.ok) {
    throw new Error(answer.problem.cause);
  }
  const { steps } = answer.value;
  expect(steps.map(({ step }) => step)).toEqual(['name', 'route', 'tunnel', 'endpoint', 'connection', 'http']);
  return Object.fromEntries(steps.map((step) => [step.step, step]));
}
