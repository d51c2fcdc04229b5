import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { anySignal } from './any-signal.ts';

const listeners = (...signals: readonly AbortSignal[]) =>
  signals.flatMap((one) => getEventListeners(one, 'abort')).length;

it('ends with the first of its sources, with its reason, and leaves nothing in any', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal } = anySignal([one.signal, other.signal]);
  expect([signal.aborted, listeners(one.signal, other.signal)]).toEqual([false, 2]);
  other.abort('why');
  expect([signal.aborted, signal.reason, listeners(one.signal, other.signal)]).toEqual([true, 'why', 0]);
});

it('has ended where a source had', () => {
  const one = new AbortController();
  const { signal } = anySignal([one.signal, AbortSignal.abort('before')]);
  expect([signal.aborted, signal.reason, listeners(one.signal)]).toEqual([true, 'before', 0]);
});

it('leaves nothing in a source that lives on once its request is over', () => {
  const living = new AbortController();
  for (let request = 0; request < 100; request += 1) {
    anySignal([living.signal, new AbortController().signal]).release();
  }
  expect(listeners(living.signal)).toBe(0);
});
