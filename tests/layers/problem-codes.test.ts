/** Problems are named alike in both languages: what a native program can raise has a title and a fix. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue, type ProblemCode, problem } from '../../app/contract/index.ts';

const source = readFileSync(join(import.meta.dirname, '../../native/internal/wire/codes.go'), 'utf8');
const nativeCodes = [...source.matchAll(/^\s*Code\w+\s*=\s*"([^"]+)"/gm)].map(([, code]) => code ?? '');

describe('codes of native problems', () => {
  it('are found in codes.go', () => {
    expect(nativeCodes.length).toBeGreaterThan(20);
  });

  it.each(nativeCodes)('%s has an entry in the catalogue', (code) => {
    expect(Object.keys(catalogue)).toContain(code);
  });
});

describe('the catalogue', () => {
  const codes = Object.keys(catalogue) as ProblemCode[];

  it.each(['caller', 'cluster', 'host'])('is sorted in its file of %s, so that an entry is found by eye', (part) => {
    const file = join(import.meta.dirname, `../../app/contract/problem-catalogue-${part}.ts`);
    const listed = [...readFileSync(file, 'utf8').matchAll(/^ {2}'?([a-z0-9-]+)'?: /gm)].map(([, code]) => code ?? '');
    expect(listed.length).toBeGreaterThan(20);
    expect(listed).toEqual(listed.toSorted());
    expect(codes).toEqual(expect.arrayContaining(listed));
  });

  it.each(codes)('%s offers at least one fix', (code) => {
    expect(problem(code, 'cause').fixes.length).toBeGreaterThan(0);
  });
});
