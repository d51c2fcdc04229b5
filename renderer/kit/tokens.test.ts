/** Nothing but the tokens gives colours and sizes, and the tokens are readable in every theme. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const renderer = join(import.meta.dirname, '..');
const files = readdirSync(renderer, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const tokensText = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

/** Lines of a style sheet that give a value which is no token. Conditions of @media cannot take variables. */
function rawValues(css: string): string[] {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/@(media|container|supports)[^{]*\{/g, '{')
    .split('\n')
    .filter((line) =>
      /#[0-9a-f]{3,8}\b|\b(rgb|rgba|hsl|hsla|oklch|oklab|lab)\(|\b\d*\.?\d+(px|rem|em|pt|ms|s)\b/i.test(line),
    );
}

describe('style sheets', () => {
  const sheets = files.filter((file) => file.endsWith('.css') && !file.endsWith('tokens.css'));

  it('are seen', () => {
    expect(sheets.length).toBeGreaterThan(20);
    expect(rawValues('a { color: #fff }')).toHaveLength(1);
    expect(rawValues('a { margin: 4px; }\n@media (max-width: 799px) { a { gap: 0.5rem } }')).toHaveLength(2);
  });

  it.each(sheets.map((file) => relative(renderer, file)))('%s takes everything from the tokens', (file) => {
    expect(rawValues(readFileSync(join(renderer, file), 'utf8'))).toEqual([]);
  });

  it('use only tokens that there are', () => {
    const known = new Set([...tokensText.matchAll(/(--[\w-]+):/g)].map(([, name]) => name));
    const unknown = sheets.flatMap((file) => {
      const css = readFileSync(file, 'utf8');
      const own = new Set([...css.matchAll(/(--[\w-]+):/g)].map(([, name]) => name));
      return (
        [...css.matchAll(/var\((--[\w-]+)/g)]
          .map(([, name]) => name ?? '')
          .filter((name) => !known.has(name) && !own.has(name) && !name.startsWith('--radix-'))
          // Given by a component's style: what is data, not design.
          .filter((name) => !['--share', '--fade', '--panel', '--columns'].includes(name))
          .map((name) => `${relative(renderer, file)}: ${name}`)
      );
    });
    expect(unknown).toEqual([]);
  });
});

describe('components', () => {
  const components = files.filter((file) => file.endsWith('.tsx') && !file.includes('.test.'));

  it('are at most 200 lines long', () => {
    expect(components.filter((file) => readFileSync(file, 'utf8').split('\n').length > 201)).toEqual([]);
  });

  it('give no colours and no sizes in styles', () => {
    const raw = components.filter((file) =>
      /style=\{\{[^}]*(#[0-9a-f]{3}|['"`]\d+(px|rem)['"`])/i.test(readFileSync(file, 'utf8')),
    );
    expect(raw).toEqual([]);
  });

  it('never make markup of text', () => {
    expect(
      files.filter(
        (file) =>
          /\.tsx?$/.test(file) &&
          !file.includes('.test.') &&
          /dangerouslySetInnerHTML|innerHTML/.test(readFileSync(file, 'utf8')),
      ),
    ).toEqual([]);
  });
});

/** The tokens of one theme: later blocks overrule the earlier ones that also match. */
function theme(...selectors: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const selector of selectors) {
    const start = tokensText.indexOf(`${selector} {`);
    expect(start, selector).toBeGreaterThanOrEqual(0);
    const block = tokensText.slice(start, tokensText.indexOf('}', start));
    for (const [, name, value] of block.matchAll(/(--color-[\w-]+):\s*([^;]+);/g)) {
      found.set(name ?? '', value ?? '');
    }
  }
  return found;
}

function luminance(hex: string): number {
  const channel = (from: number) => {
    const value = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** WCAG 2.2, relative luminance. */
function contrast(left: string, right: string): number {
  const [light = 0, dark = 0] = [luminance(left), luminance(right)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}

const dark = ':root[data-theme="dark"]';
const more = ':root[data-contrast="more"]';
const themes = {
  light: [':root'],
  dark: [':root', dark],
  'light, more contrast': [':root', more],
  'dark, more contrast': [':root', dark, more, `${more}[data-theme="dark"]`],
};

const grounds = ['background', 'rail', 'card', 'field', 'hover', 'hover-rail', 'chosen', 'plain-soft'];
const text: readonly (readonly [string, string])[] = [
  ...grounds.flatMap(
    (ground) =>
      [
        ['text', ground],
        ['text-second', ground],
      ] as const,
  ),
  ...['fine', 'careful', 'bad', 'accent'].flatMap((tone) =>
    [`${tone}-soft`, 'card', 'background', 'rail'].map((ground) => [tone, ground] as const),
  ),
  ['bad', 'chosen'],
  ['fine', 'chosen'],
  ['text', 'careful-soft'],
  ['text', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-bad', 'bad'],
  ['on-tooltip', 'tooltip'],
];
/** What is seen but not read: edges of fields, the switch and its thumb, dots. */
const shapes: readonly (readonly [string, string])[] = [
  ['line-strong', 'field'],
  ['line-strong', 'background'],
  ['track', 'background'],
  ['thumb', 'track'],
  ['thumb-on', 'accent'],
  ['thumb-on', 'bad'],
  ['accent', 'background'],
];

describe.each(Object.entries(themes))('the theme %s', (_, selectors) => {
  const value = (name: string) => theme(...selectors).get(`--color-${name}`) ?? '';

  it.each(text)('shows %s on %s at 4.5 : 1', (front, ground) => {
    expect(contrast(value(front), value(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes)('shows %s on %s at 3 : 1', (front, ground) => {
    expect(contrast(value(front), value(ground))).toBeGreaterThanOrEqual(3);
  });
});
