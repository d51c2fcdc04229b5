import { expect, it } from 'vitest';
import { growthOf, rises } from './growth.ts';

const samplesOf = (values: readonly number[]) => values.map((value, index) => ({ hours: index / 2, value }));

it.each([
  ['a line', [10, 11, 12, 13], 2, 2],
  ['nothing', [10, 10, 10, 10], 0, 0],
  ['what is let go', [13, 12, 11, 10], -2, -2],
  // Residuals -1.6, 2.4, -1.6, 2.4, -1.6 around the mean: sum 19.2; squares of time 2.5; error 1.6; quantile 3.18.
  ['a saw that comes down again', [10, 14, 10, 14, 10], 0, 5.09],
])('tells how %s grows in an hour, and how much at most', (_, values, perHour, atMost) => {
  const growth = growthOf(samplesOf(values));
  expect(growth.perHour).toBeCloseTo(perHour);
  expect(growth.atMost).toBeCloseTo(atMost, 1);
});

it.each([
  ['stays', [7, 7, 7, 7], false],
  ['goes up and down', [7, 9, 7, 9, 8], false],
  ['goes up once and stays', [7, 7, 8, 8], true],
  ['goes up all the time', [1, 2, 3, 4, 5], true],
  ['goes down', [4, 3, 2, 1], false],
  ['was looked at once', [7], false],
])('tells whether a count that %s rises', (_, values, expected) => {
  expect(rises(samplesOf(values))).toBe(expected);
});
