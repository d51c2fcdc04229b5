/** What the window says about licences is what the packages say, and none of those that ship is left out. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licences } from './licences.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, unknown>;

describe('the licences', () => {
  it.each(licences.flatMap(({ name, packages }) => packages.map((one) => [one, name] as const)))(
    '%s is under %s',
    (one, name) => {
      const path = `node_modules/${one}/package.json`;
      expect(existsSync(join(root, path))).toBe(true);
      expect(read(path).license).toBe(name);
    },
  );

  it('name everything that the app depends on', () => {
    const { dependencies } = read('package.json');
    const named = licences.flatMap(({ packages }) => packages);
    expect(Object.keys(dependencies as object).filter((one) => !named.includes(one))).toEqual([]);
  });

  it('name the modules that the native programs need directly', () => {
    const [, direct = ''] = /require \(\n([^)]*)\)/.exec(readFileSync(join(root, 'native/go.mod'), 'utf8')) ?? [];
    const needed = direct
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.includes('// indirect'))
      .map((line) => line.trim().split(' ')[0] ?? '');
    const named = licences.flatMap(({ modules }) => modules ?? []);
    expect(needed.filter((one) => !named.includes(one))).toEqual([]);
  });
});
