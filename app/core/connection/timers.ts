/** The timers of one connection: one of each kind at a time. */
import type { Clock } from '../ports.ts';
import type { Timer } from './state.ts';

export interface Timers {
  /** `at` in milliseconds since the epoch; in place of the one of this kind before. */
  set(timer: Timer, at: number): void;
  clear(timer: Timer): void;
}

export function createTimers(clock: Clock, due: (timer: Timer) => void): Timers {
  const cancels = new Map<Timer, () => void>();
  const clear = (timer: Timer) => {
    cancels.get(timer)?.();
    cancels.delete(timer);
  };
  return {
    clear,
    set: (timer, at) => {
      clear(timer);
      const cancel = clock.after(Math.max(at - clock.now(), 0), () => {
        cancels.delete(timer);
        due(timer);
      });
      cancels.set(timer, cancel);
    },
  };
}
