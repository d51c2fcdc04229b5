import { expect, it } from 'vitest';
import { growthOf } from './growth.ts';

it.each([
  ['a line', [10, 11, 12, 13], 2],
  ['nothing', [10, 10, 10, 10], 0],
  ['a saw that comes down again', [10, 14, 10, 14, 10], 0],
  ['what is let go', [13, 12, 11, 10], -2],
])('tells how %s grows in an hour', (_, values, expected) => {
  expect(growthOf(values.map((value, index) => ({ hours: index / 2, value })))).toBeCloseTo(expected);
});
