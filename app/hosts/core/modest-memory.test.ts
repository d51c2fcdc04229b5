import { expect, it } from 'vitest';
import { dropModestMemory, withModestMemory } from './modest-memory.ts';

it('is for the core alone: what it passes on is what its user has', () => {
  for (const own of [{ PATH: '/bin' }, { PATH: '/bin', MALLOC_TRIM_THRESHOLD_: '0' }]) {
    const environment = withModestMemory(own);
    expect(environment).toMatchObject({ ...own, MALLOC_TRIM_THRESHOLD_: expect.any(String) });
    dropModestMemory(environment);
    expect(environment).toEqual(own);
  }
});
