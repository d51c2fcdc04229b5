import { expect, it } from 'vitest';
import { sizeOf } from './sizes.ts';

it.each([
  [-1, 0, 'byte', 0],
  [0, 0, 'byte', 0],
  [999, 999, 'byte', 0],
  [1000, 1, 'kilobyte', 1],
  [1536, 1.536, 'kilobyte', 1],
  [999_499, 999.499, 'kilobyte', 0],
  [999_500, 0.9995, 'megabyte', 1],
  [412_000_000, 412, 'megabyte', 0],
  [1_550_000_000, 1.55, 'gigabyte', 1],
  [5e15, 5000, 'terabyte', 0],
] as const)('%d bytes are %d of %s with %d digits', (bytes, value, unit, digits) => {
  const size = sizeOf(bytes);
  expect(size).toMatchObject({ unit, digits });
  expect(size.value).toBeCloseTo(value);
});
