import { describe, expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { isTransient, longestWait, shortestWait, waitAfter } from './retry.ts';

describe('waitAfter', () => {
  it('doubles from half a second to thirty seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 50].map((attempt) => waitAfter(attempt, 0.5))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('is spread by a quarter either way', () => {
    expect([waitAfter(1, 0), waitAfter(1, 0.999)]).toEqual([shortestWait * 0.75, 625]);
    expect(waitAfter(20, 0.999)).toBeLessThanOrEqual(longestWait * 1.25);
  });
});

describe('isTransient', () => {
  it('tells what may come back from what somebody has to mend', () => {
    expect(
      (['api-unreachable', 'helper-lost', 'agent-gone', 'tunnel-silent'] as const).map((code) =>
        isTransient(problem(code, '')),
      ),
    ).toEqual([true, true, true, true]);
    expect(
      (['forbidden', 'exec-unconfirmed', 'context-unknown', 'route-refused'] as const).map((code) =>
        isTransient(problem(code, '')),
      ),
    ).toEqual([false, false, false, false]);
  });
});
