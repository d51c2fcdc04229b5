import { describe, expect, it } from 'vitest';
import type { Route } from '../../app/contract/index.ts';
import { rangeWords, withWord, wordOnRange, wordsFor } from './range-words.ts';

const services = '10.96.0.0/16';
const pods = '10.244.0.0/16';
const all = [services, pods];
const none = { routedRanges: [], narrowedRanges: [], mappedRanges: [] };

describe('the word on a range', () => {
  it.each(rangeWords)('is %s once it was chosen, whatever it was before', (word) => {
    for (const before of rangeWords) {
      const first = withWord(services, before, { own: none, excludedRanges: [], all });
      const { own, excludedRanges } = withWord(services, word, { ...first, all });
      expect(wordOnRange(services, own, { excludedRanges })).toBe(word);
      expect(wordOnRange(pods, own, { excludedRanges })).toBe('best');
    }
  });

  it('stays with the other ranges of an entry that holds several', () => {
    const own = { ...none, mappedRanges: ['10.0.0.0/8', '192.168.0.0/16'] };
    expect(withWord(services, 'routed', { own, excludedRanges: [], all }).own).toEqual({
      routedRanges: [services],
      narrowedRanges: [],
      mappedRanges: [pods, '192.168.0.0/16'],
    });
  });

  it('is the one that the core takes where there are several', () => {
    const own = { routedRanges: [services], narrowedRanges: ['10.0.0.0/8'], mappedRanges: [] };
    expect(wordOnRange(services, own, { excludedRanges: [] })).toBe('narrowed');
    expect(wordOnRange(services, { ...own, mappedRanges: [services] }, { excludedRanges: [] })).toBe('mapped');
    expect(wordOnRange(services, own, { excludedRanges: [services] })).toBe('excluded');
  });
});

describe('the words to choose from', () => {
  const route: Route = {
    ...{ prefix: services, kind: 'services', origin: 'service-cidr', decision: 'routed' },
    ...{ reason: '', conflict: '', interface: '' },
  };
  it.each<[string, Partial<Route>, string[], readonly string[]]>([
    ['a private range', {}, [], rangeWords],
    ['one that is excluded by itself', {}, [services], rangeWords],
    ['one inside a range that is excluded for all', {}, ['10.0.0.0/8'], []],
    ['a public range', { prefix: '34.118.224.0/20', decision: 'mapped', reason: 'public' }, [], ['best', 'excluded']],
    ['class E', { prefix: '240.8.0.0/13', decision: 'mapped', reason: 'reserved' }, [], ['best', 'excluded']],
    ['what is mapped by the user’s word', { decision: 'mapped', reason: 'user' }, [], rangeWords],
    ['a private range of IPv6', { prefix: 'fd00:10:96::/112' }, [], rangeWords],
    ['one of IPv6 that is excluded for all', { prefix: 'fd00:10:96::/112' }, ['fd00::/16'], []],
    [
      'a public one of IPv6',
      { prefix: '2600:1f18::/56', decision: 'mapped', reason: 'public' },
      [],
      ['best', 'excluded'],
    ],
    ['IPv6 where it is switched off', { prefix: 'fd00:10:96::/112', decision: 'excluded', reason: 'ipv6' }, [], []],
  ])('of %s', (_, more, excludedRanges, expected) => {
    const here = { byProxy: false, chosen: 'best' } as const;
    expect(wordsFor({ ...route, ...more }, { excludedRanges }, here)).toEqual(expected);
  });

  it.each([
    ['nothing', 'best', ['best', 'excluded']],
    ['another word, for a connection without a proxy', 'mapped', ['best', 'mapped', 'excluded']],
  ] as const)('are few by a proxy, where %s was chosen', (_, chosen, expected) => {
    expect(wordsFor(route, { excludedRanges: [] }, { byProxy: true, chosen })).toEqual(expected);
  });
});
