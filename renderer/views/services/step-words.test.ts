import { describe, expect, it } from 'vitest';
import { stepSaid } from './step-words.ts';

describe('what a step of the test found', () => {
  it('is said in the window’s language where the sentence is known', () => {
    expect(stepSaid({ answer: 'orders.webshop.svc.cluster.local is 10.96.41.7' })).toEqual({
      id: 'services.said.name',
      values: { name: 'orders.webshop.svc.cluster.local', address: '10.96.41.7' },
    });
    expect(stepSaid({ answer: '2 of 3 ready' })?.values).toEqual({ ready: '2', total: '3' });
  });

  it('stays as it came where it is not', () => {
    expect(stepSaid({ answer: 'HTTP 200' })).toBeNull();
  });
});
