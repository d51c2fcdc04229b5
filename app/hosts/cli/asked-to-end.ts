/**
 * Ctrl-C and SIGTERM, for as long as something is on: a program that hears none of them for a moment is ended by the first
 * that comes in it, and what was on stays.
 */
import type { EventEmitter } from 'node:events';

const signals = ['SIGINT', 'SIGTERM'] as const;

export interface AskedToEnd {
  /** Settles at the first of them. Later ones change nothing, so that what is being undone is undone. */
  readonly asked: Promise<'asked'>;
  /** They mean again what they meant before. */
  done(): void;
}

export function askedToEnd(heardFrom: Pick<EventEmitter, 'on' | 'off'> = process): AskedToEnd {
  let settle = (_: 'asked') => {};
  const asked = new Promise<'asked'>((resolve) => {
    settle = resolve;
  });
  const hear = () => settle('asked');
  for (const signal of signals) {
    heardFrom.on(signal, hear);
  }
  return {
    asked,
    done: () => {
      for (const signal of signals) {
        heardFrom.off(signal, hear);
      }
    },
  };
}
