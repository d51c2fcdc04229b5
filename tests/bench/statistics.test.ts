import { describe, expect, it } from 'vitest';
import { describeSpread, short, spreadOf } from './statistics.ts';

describe('spreadOf', () => {
  it('takes the middle of an odd number of values, by size and not by spelling', () => {
    expect(spreadOf([100, 9, 20])).toEqual({ median: 20, least: 9, most: 100 });
  });
  it('takes the mean of the two in the middle of an even number', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4 });
  });
  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
  it('says that nothing was measured instead of zero', () => {
    expect(spreadOf([]).median).toBeNaN();
  });
});

describe('describeSpread', () => {
  it('keeps as many digits as the noise of a measurement allows', () => {
    expect([965.3, 5.61, 0.214, 0.00418, 0, -120.4].map(short)).toEqual(['965', '5.6', '0.21', '0.0042', '0', '-120']);
  });
  it('shows the median with least and most', () => {
    expect(describeSpread(spreadOf([900, 1100, 1000]))).toBe('1000 (900–1100)');
  });
});
