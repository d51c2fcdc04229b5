import { describe, expect, it } from 'vitest';
import { causeText } from '../../contract/index.ts';
import { answeredBy, wayThrough } from './explain-words.ts';

describe('what an explanation says', () => {
  it.each([
    ['', '10.96.1.8', 'this computer: 10.96.1.8'],
    ['', '', 'this computer: no such name'],
    ['192.168.1.1', '10.96.1.8, 10.96.1.9', '192.168.1.1: 10.96.1.8, 10.96.1.9'],
    ['192.168.1.1', '', '192.168.1.1: no such name'],
  ])('of resolver "%s" with "%s"', (resolver, addresses, text) => {
    expect(causeText(answeredBy(resolver, addresses))).toBe(text);
  });

  it.each([
    ['apiserver', 'through the API server, 2.2 ms there and back'],
    ['direct', 'by the direct path, 2.2 ms there and back'],
  ] as const)('of the way %s', (path, text) => {
    expect(JSON.stringify(wayThrough({ path, roundTripMicroseconds: 2210 }))).toContain(text);
  });
});
