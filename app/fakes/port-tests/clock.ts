/** What every Clock must do. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../core/ports.ts';

export interface ClockSetting {
  readonly clock: Clock;
  /** Lets this many milliseconds pass. */
  pass(milliseconds: number): Promise<void>;
}

export function testClock(name: string, make: () => ClockSetting): void {
  describe(`clock: ${name}`, () => {
    it('calls once, not before its time', async () => {
      const { clock, pass } = make();
      const startedAt = clock.now();
      const calledAt: number[] = [];
      clock.after(20, () => calledAt.push(clock.now()));
      await pass(100);
      expect(calledAt).toHaveLength(1);
      expect(calledAt[0]).toBeGreaterThanOrEqual(startedAt + 19); // timers of Node may be a fraction early
    });

    it('does not call what was cancelled, before or after its time', async () => {
      const { clock, pass } = make();
      let calls = 0;
      const cancel = clock.after(20, () => {
        calls += 1;
      });
      cancel();
      const cancelLate = clock.after(1, () => {
        calls += 1;
      });
      await pass(60);
      cancelLate();
      expect(calls).toBe(1);
    });

    it('never calls within after itself, even without delay', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      clock.after(0, () => order.push('called'));
      order.push('returned');
      await pass(20);
      expect(order).toEqual(['returned', 'called']);
    });

    it('takes a delay of a month without firing at once', async () => {
      const { clock, pass } = make();
      let calls = 0;
      const cancel = clock.after(31 * 86_400_000, () => {
        calls += 1;
      });
      await pass(20);
      cancel();
      expect(calls).toBe(0);
    });
  });
}
