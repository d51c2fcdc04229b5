/** The computer's own clock and timers. */
import type { Clock } from '../../core/ports.ts';

/** setTimeout takes at most 2^31-1 milliseconds; a longer delay would fire at once. */
const longestTimer = 2 ** 31 - 1;

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    after: (milliseconds, call) => {
      const timer = setTimeout(call, Math.min(Math.max(0, milliseconds), longestTimer));
      return () => clearTimeout(timer);
    },
  };
}
