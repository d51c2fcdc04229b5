import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { withLock } from './lock.ts';

describe('lock', () => {
  it('lets one in at a time and tells the other that it waits', async () => {
    const name = randomUUID();
    const events: string[] = [];
    let leave: () => void = () => {};
    const inside = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const first = withLock(
      name,
      () => {},
      async () => {
        events.push('first in');
        await inside;
        events.push('first out');
      },
    );
    await new Promise<void>((resolve) => {
      void withLock(
        name,
        () => resolve(),
        async () => void events.push('second in'),
      ).then(() => events.push('end'));
    });
    leave();
    await first;
    await withLock(
      name,
      () => {},
      async () => void events.push('third in'),
    );
    expect(events.slice(0, 2)).toEqual(['first in', 'first out']);
    expect(events).toContain('third in');
  });

  it('is free again after a failure', async () => {
    const name = randomUUID();
    await expect(
      withLock(
        name,
        () => {},
        () => Promise.reject(new Error('failed')),
      ),
    ).rejects.toThrow('failed');
    expect(
      await withLock(
        name,
        () => {},
        async () => 'free',
      ),
    ).toBe('free');
  });
});
