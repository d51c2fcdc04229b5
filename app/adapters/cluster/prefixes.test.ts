import { describe, expect, test } from 'vitest';
import { formatPrefix, type Prefix } from '../../contract/prefix.ts';
import { aggregate, coverOf, parseAddress, parseRange } from './prefixes.ts';

const prefix = (text: string): Prefix => parseRange(text) ?? expect.fail(`${text} is no prefix`);
const address = (text: string): Prefix => parseAddress(text) ?? expect.fail(`${text} is no address`);
const shown = (prefixes: readonly Prefix[]) => prefixes.map(formatPrefix);

test('prefixes are read strictly and written canonically', () => {
  expect(shown([prefix('10.96.3.7/12')])).toEqual(['10.96.0.0/12']);
  expect(shown([prefix('255.255.255.255/32'), prefix('0.0.0.0/0')])).toEqual(['255.255.255.255/32', '0.0.0.0/0']);
  for (const bad of [
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::',
    'fe80::%eth0/64',
    '::ffff:10.0.0.0/104',
    '010.0.0.0/8',
    '',
    '10.0.0.0/8 ',
  ]) {
    expect(parseRange(bad), bad).toBeNull();
  }
  for (const bad of ['10.0.0', '0x7f.0.0.1', '2130706433', '127.1', 'None', '']) {
    expect(parseAddress(bad), bad).toBeNull();
  }
});

test('IPv6 is covered and merged as IPv4 is, each for itself', () => {
  const seen = ['fd00:10:96::a', '10.96.0.1', 'fd00:10:96::9:1', 'fd00:10:97::1'].map(address);
  expect(shown(coverOf(seen))).toEqual(['fd00:10:96::/108', '10.96.0.0/24', 'fd00:10:97::/112']);
  const nodes = Array.from({ length: 200 }, (_, index) => prefix(`fd00:10:244:${(2 * index).toString(16)}::/64`));
  const merged = aggregate([...nodes, prefix('10.244.0.0/24')], 64);
  expect(merged.length).toBeLessThanOrEqual(64);
  expect(shown(merged)[0]).toBe('10.244.0.0/24');
  expect(merged.every(({ length, family }) => family === 4 || length >= 48)).toBe(true);
});

describe('covers', () => {
  test('hold every address and are never wider than a /12 nor narrower than a /24', () => {
    expect(shown(coverOf([]))).toEqual([]);
    expect(shown(coverOf([address('10.96.0.1')]))).toEqual(['10.96.0.0/24']);
    expect(shown(coverOf([address('10.96.0.1'), address('10.96.200.9')]))).toEqual(['10.96.0.0/16']);
    expect(shown(coverOf([address('10.96.0.1'), address('10.111.255.1')]))).toEqual(['10.96.0.0/12']);
    // Two ends of 10/8 do not make all of it the cluster's.
    expect(shown(coverOf([address('10.0.0.1'), address('10.200.0.1')]))).toEqual(['10.0.0.0/24', '10.200.0.0/24']);
    expect(shown(coverOf([address('192.168.0.1'), address('223.255.255.255')]))).toHaveLength(2);
  });
});

describe('merging', () => {
  test('joins neighbours and drops what others contain', () => {
    const nodes = ['10.244.1.0/24', '10.244.0.0/24', '10.244.2.0/24', '10.244.3.0/24', '10.244.2.0/25'].map(prefix);
    expect(shown(aggregate(nodes, 64))).toEqual(['10.244.0.0/22']);
    expect(shown(aggregate([prefix('10.244.1.0/24'), prefix('10.244.2.0/24')], 64))).toEqual([
      '10.244.1.0/24',
      '10.244.2.0/24',
    ]);
    expect(shown(aggregate([prefix('0.0.0.0/1'), prefix('128.0.0.0/1')], 64))).toEqual(['0.0.0.0/0']);
  });

  test('widens only as far as it must', () => {
    const sparse = Array.from({ length: 100 }, (_, index) => prefix(`10.244.${index * 2}.0/24`));
    const merged = aggregate(sparse, 64);
    expect(merged.length).toBeLessThanOrEqual(64);
    expect(shown(merged)[0]).toBe('10.244.0.0/17');
    const scattered = Array.from({ length: 100 }, (_, index) => prefix(`${index + 1}.0.0.0/24`));
    expect(aggregate(scattered, 64).every((one) => one.length >= 12)).toBe(true);
  });
});
