/**
 * What scrolls holds what is placed absolutely inside of it: words for screen readers are, and one below the fold would make
 * the whole page longer than its window.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../renderer');
const sheets = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.css'));
const rules = sheets.flatMap((sheet) =>
  [...readFileSync(join(root, sheet), 'utf8').matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(
    ([, selector = '', body = '']) => ({
      where: `${sheet}: ${selector.replace(/\/\*[\s\S]*?\*\//g, '').trim()}`,
      body,
    }),
  ),
);
const scrollers = rules.filter(({ body }) => /overflow(-[xy])?:[^;]*\b(auto|scroll)\b/.test(body));

describe('what scrolls', () => {
  it('is found', () => {
    expect(scrollers.length).toBeGreaterThan(15);
  });

  it.each(scrollers)('$where has a position of its own', ({ body }) => {
    expect(body).toMatch(/position: (relative|absolute|fixed|sticky)/);
  });
});
