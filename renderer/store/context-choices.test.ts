import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../app/contract/index.ts';
import { choicesOf, withContext } from './context-choices.ts';

describe('settings of one context', () => {
  const key = { context: 'prod', file: '/a' };

  it('change one thing and keep the rest, of this file only', () => {
    const other = { ...choicesOf(defaultSettings, { context: 'prod', file: '/b' }), agentNamespace: 'b' };
    const own = { ...choicesOf(defaultSettings, key), homeNamespace: 'web' };
    expect(withContext({ contexts: [own, other] }, key, { namespacesInView: ['infra'] })).toEqual([
      other,
      { ...own, namespacesInView: ['infra'] },
    ]);
  });

  it('are kept for a context that had no choices', () => {
    expect(withContext(defaultSettings, key, { answersFor: 'k8s.example.com' })).toEqual([
      { ...choicesOf(defaultSettings, key), answersFor: 'k8s.example.com' },
    ]);
  });
});
