import { describe, expect, it } from 'vitest';
import type { Work } from '../../app/contract/index.ts';
import { en } from '../words/english.ts';
import { createWords, sayWith } from '../words/words.ts';
import { endedBetween, endWords, workText } from './work-words.ts';

const say = sayWith(createWords('en', en));
const work = (more: Partial<Work>): Work => ({
  id: 'sandbox-start-1',
  kind: 'sandbox-start',
  state: 'running',
  startedAt: 1,
  endedAt: null,
  text: '',
  fraction: null,
  problem: null,
  ...more,
});

describe('long work', () => {
  it('says what it does in words that are known, else as it says itself', () => {
    expect(workText(say, work({}))).toBe(en['work.begins']);
    expect(workText(say, work({ text: 'API server ready' }))).toBe(en['work.stage.api-server-ready']);
    expect(workText(say, work({ text: 'go build -o slipway' }))).toBe('go build -o slipway');
    expect(workText(say, work({ text: 'ready', state: 'cancelling' }))).toBe(en['work.cancelling']);
  });

  it('is told once, when it ends', () => {
    const running = work({});
    const done = work({ state: 'done', endedAt: 2 });
    expect(endedBetween([running], [done])).toEqual([done]);
    expect(endedBetween([done], [done])).toEqual([]);
    expect(endedBetween([], [done])).toEqual([]);
    expect(endWords(running)).toBeNull();
    expect(endWords(done)).toBe('work.started');
  });
});
