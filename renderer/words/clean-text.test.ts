import { describe, expect, it } from 'vitest';
import { cleanLines, cleanText, usualBound } from './clean-text.ts';

describe('text of a cluster', () => {
  it.each([
    ['a right-to-left override', 'pay\u202estnem', 'paystnem'],
    ['isolates', '\u2066a\u2069b', 'ab'],
    ['zero-width characters', 'a\u200b\u200c\u200d\ufeffb', 'ab'],
    ['controls', 'a\u0000\u0007\u001b[31mb\u009b', 'a[31mb'],
    ['fillers', 'a\u3164\u115fb', 'ab'],
    ['tags', 'a\u{e0041}b', 'ab'],
    ['selectors', 'a\ufe0fb', 'ab'],
    ['line breaks', 'a\r\nb\u2028c\td', 'a b c d'],
    ['half a pair', 'a\ud800b', 'a\ufffdb'],
    ['stacked marks', `a${'\u0301'.repeat(50)}b`, 'a\u0301\u0301\u0301b'],
    ['markup, which is only text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['other scripts', '订单 заказы مرحبا', '订单 заказы مرحبا'],
  ])('without %s', (_, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it('is bounded, whole letters only', () => {
    expect([...cleanText('🚢'.repeat(1000))]).toHaveLength(usualBound);
    expect(cleanText('🚢'.repeat(1000)).endsWith('…')).toBe(true);
    expect(cleanText('\u200b'.repeat(10_000_000)).length).toBeLessThan(10);
  });

  it('keeps its lines where it has some', () => {
    expect(cleanLines('kind: Role\r\n  name: a\u202eb\n\tc')).toBe('kind: Role\n  name: ab\n  c');
  });
});
