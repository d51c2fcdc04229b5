import { describe, expect, it } from 'vitest';
import { type ActivityEntry, activityKindSchema, problem, settingsSchema } from '../../../app/contract/index.ts';
import { chinese } from '../../words/chinese.ts';
import { en } from '../../words/english.ts';
import { createWords, sayWith } from '../../words/words.ts';
import { dayWords, entriesText, entryWords, filtered, groupedByDay } from './entry-words.ts';

const english = createWords('en', en);
const languages = [english, createWords('zh-CN', chinese)];
const noon = new Date(2026, 10, 26, 12, 0, 0).getTime();
let id = 0;

const entry = (more: Partial<ActivityEntry>): ActivityEntry => {
  id += 1;
  return { id, at: noon, kind: 'connected', severity: 'info', context: 'prod', facts: {}, problem: null, ...more };
};
const lost = entry({
  kind: 'tunnel-lost',
  severity: 'warning',
  problem: problem('api-unreachable', 'dial tcp: i/o timeout\u202e', { context: 'prod' }),
});

describe('an entry', () => {
  it.each(activityKindSchema.options)('%s has words in both languages', (kind) => {
    for (const intl of languages) {
      const { title } = entryWords(intl, entry({ kind, facts: { work: 'sandbox-start', state: 'done' } }));
      expect(title).not.toContain('activity.');
      expect(title).not.toBe(kind);
    }
  });

  it('tells its particulars', () => {
    const facts = { routes: '2', path: 'direct', interface: 'slipway0', milliseconds: '3100' };
    expect(entryWords(english, entry({ facts })).detail).toBe('2 ranges · direct · slipway0 · in 3.1 sec');
    const off = entry({ kind: 'disconnected', facts: { leftOnHost: '0', milliseconds: '250' } });
    expect(entryWords(english, off).detail).toBe('everything was undone · in 250 ms');
    expect(entryWords(english, lost).detail).toContain('API server');
  });

  it('names every setting that can have changed', () => {
    const unremarkable = ['contexts', 'copyForm', 'pinnedContexts', 'pinnedServices', 'welcomed'];
    const names = Object.keys(settingsSchema.shape).filter((name) => !unremarkable.includes(name));
    const { detail } = entryWords(english, entry({ kind: 'settings-changed', facts: { settings: names.join(' ') } }));
    expect(names.filter((name) => /[A-Z]/.test(name) && detail.includes(name))).toEqual([]);
  });

  it('shows a warning that went by its title, not by a message without its facts', () => {
    const facts = { code: 'route-refused', title: 'The range 10.0.0.0/8 collides' };
    expect(entryWords(english, entry({ kind: 'warning-went', facts })).detail).toBe('The range 10.0.0.0/8 collides');
  });
});

describe('the list', () => {
  const entries = [
    entry({ kind: 'core-started', context: '', at: noon - 86_400_000 }),
    lost,
    entry({ kind: 'connect-failed', severity: 'error', context: 'staging' }),
  ];
  const found = (filter: Partial<Parameters<typeof filtered>[2]>) =>
    filtered(english, entries, { text: '', severity: 'all', context: '', ...filter }).map(({ kind }) => kind);

  it('is newest first', () => {
    expect(found({})).toEqual(['connect-failed', 'tunnel-lost', 'core-started']);
  });

  it('is filtered by severity, context and what is shown', () => {
    expect(found({ severity: 'warning' })).toEqual(['connect-failed', 'tunnel-lost']);
    expect(found({ severity: 'error' })).toEqual(['connect-failed']);
    expect(found({ context: 'prod' })).toEqual(['tunnel-lost']);
    expect(found({ text: 'I/O TIMEOUT' })).toEqual(['tunnel-lost']);
    expect(found({ text: 'slipway started' })).toEqual(['core-started']);
  });

  it('is grouped by day with a count', () => {
    const rows = groupedByDay(filtered(english, entries, { text: '', severity: 'all', context: '' }));
    expect(rows.map((row) => (row.kind === 'day' ? row.count : row.entry.kind))).toEqual([
      2,
      'connect-failed',
      'tunnel-lost',
      1,
      'core-started',
    ]);
  });

  it('names today and yesterday', () => {
    const say = sayWith(english);
    const format = { day: () => 'DAY' };
    expect(dayWords(say, format, noon, noon)).toBe('Today, DAY');
    expect(dayWords(say, format, noon - 86_400_000, noon)).toBe('Yesterday, DAY');
    expect(dayWords(say, format, noon - 3 * 86_400_000, noon)).toBe('DAY');
  });

  it('is copied as text that means the same elsewhere, without what turns text around', () => {
    const text = entriesText(english, [lost]);
    expect(text).toContain(new Date(noon).toISOString());
    expect(text).toContain('prod  Tunnel lost');
    expect(text).toContain('\n    api-unreachable: dial tcp: i/o timeout');
    expect(text).not.toContain('\u202e');
  });
});
