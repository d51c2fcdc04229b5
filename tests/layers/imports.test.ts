import { describe, expect, it } from 'vitest';
import { importsIn } from './imports.ts';

describe('an import', () => {
  it.each([
    ["import one from './one.ts';", ['./one.ts']],
    ["import './one.ts';", ['./one.ts']],
    ["import type { One } from './one.ts';", ['./one.ts']],
    ["import { type One } from './one.ts';", ['./one.ts']],
    ["export { one } from './one.ts';", ['./one.ts']],
    ["export type { One } from './one.ts';", ['./one.ts']],
    ["export * from './one.ts';", ['./one.ts']],
    ["const one = await import('./one.ts');", ['./one.ts']],
    ["type One = import('./one.ts').One;", ['./one.ts']],
    ["type One = typeof import('./one.ts');", ['./one.ts']],
    ["import one = require('./one.ts');", ['./one.ts']],
    ["const one = require('./one.ts');", ['./one.ts']],
    ["// import './one.ts'\nconst words = \"import './one.ts'\";\nexport const two = words;", []],
  ])('%s', (source, found) => {
    expect(importsIn('some.ts', source)).toEqual(found);
    expect(importsIn('some.tsx', source)).toEqual(found);
  });

  it('of a source that cannot be read is an error', () => {
    expect(() => importsIn('some.ts', 'import from from from')).toThrow('some.ts');
  });
});
