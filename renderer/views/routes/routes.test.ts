import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problem } from '../../../app/contract/index.ts';
import { chinese } from '../../words/chinese.ts';
import { problemWords } from '../../words/problem-words.ts';
import { createWords } from '../../words/words.ts';
import { answersByQuestion, unknownName } from './answers.ts';
import { nameReasonWords, reasonWords } from './route-words.ts';

describe('the reason of a decision', () => {
  it('is known for every code of the helper', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../native/internal/hostnet/routes/policy.go'), 'utf8');
    const codes = [...source.matchAll(/Reason\w+\s+= "([a-z0-9-]+)"/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((reason) => reasonWords({ reason, decision: 'refused' }) === 'routes.reason.unknown')).toEqual(
      [],
    );
  });

  it('is not needed where a range is routed, and is said to be unknown where it is', () => {
    expect(reasonWords({ reason: '', decision: 'routed' })).toBeNull();
    expect(reasonWords({ reason: 'new-code', decision: 'refused' })).toBe('routes.reason.unknown');
  });

  it('takes the place of English words in the title of a refusal', () => {
    const intl = createWords('zh-CN', chinese);
    const facts = { prefix: '8.8.8.0/24', conflict: 'public addresses', interface: 'the internet', reason: 'public' };
    expect(problemWords(intl, problem('route-refused', '', facts)).title).toBe(
      `8.8.8.0/24 未路由：${chinese['routes.reason.public']}`,
    );
    const colliding = { ...facts, conflict: '10.0.0.0/8', interface: 'tun0', reason: 'other-route' };
    expect(problemWords(intl, problem('route-refused', '', colliding)).title).toContain('tun0');
  });
});

describe('the reason of a refused name', () => {
  it('is known for every code of the policy', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../native/internal/domains/policy.go'), 'utf8');
    const codes = [...source.matchAll(/Reason\w+\s+= "([a-z0-9-]+)"/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(6);
    expect(codes.filter((reason) => nameReasonWords({ reason }) === 'routes.nameReason.unknown')).toEqual([]);
    expect(nameReasonWords({ reason: 'new-code' })).toBe('routes.nameReason.unknown');
  });
});

describe('answers of resolvers', () => {
  it('stand beside each other by question', () => {
    const answer = (question: string, resolver: string) => ({
      kind: 'upstream' as const,
      resolver,
      question,
      answers: [],
      milliseconds: 1,
      problem: null,
    });
    const groups = answersByQuestion([answer('a', '1'), answer('b', '1'), answer('a', '2')]);
    expect(groups.map(([question, answers]) => [question, answers.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});

describe('a name that nobody knows', () => {
  const services = [
    { namespace: 'webshop', name: 'orders' },
    { namespace: 'webshop', name: 'cart' },
    { namespace: 'infra', name: 'kafka' },
  ];
  const none = [{ answers: [] }];

  it.each([
    ['order.webshop', { what: 'service', name: 'order', namespace: 'webshop', meant: 'orders' }],
    ['order.webshop.svc.cluster.local.', { what: 'service', name: 'order', namespace: 'webshop', meant: 'orders' }],
    ['order', { what: 'service', name: 'order', namespace: 'webshop', meant: 'orders' }],
    ['nothing-like-it.webshop', { what: 'service', name: 'nothing-like-it', namespace: 'webshop', meant: null }],
    ['orders.webshp', { what: 'namespace', name: 'orders', namespace: 'webshp', meant: 'webshop' }],
    ['orders.nowhere.svc', { what: 'namespace', name: 'orders', namespace: 'nowhere', meant: null }],
    ['orders.webshop', null], // it is there: that it has no answer is something else
    ['example.com', null],
    ['www.example.com', null],
    ['', null],
  ])('%s', (question, verdict) => {
    expect(unknownName(question, none, services, 'webshop')).toEqual(verdict);
  });

  it('is not told where somebody answers, or nothing is known of the cluster', () => {
    expect(unknownName('order.webshop', [{ answers: ['10.0.0.1'] }], services, '')).toBeNull();
    expect(unknownName('order.webshop', none, [], '')).toBeNull();
  });
});
