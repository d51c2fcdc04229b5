/** Virtual ranges are chosen in TypeScript and checked in Go, each by a table of its own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mostMappings, virtualSpaces } from '../../app/core/routing/virtual-ranges.ts';

const source = (file: string) => readFile(join(import.meta.dirname, '../../native/internal', file), 'utf8');

it('is the same in both languages', async () => {
  const [, table = ''] =
    /var VirtualSpace = \[\]netip\.Prefix\{([^}]*)\}/.exec(await source('wire/addresses.go')) ?? [];
  const inGo = [...table.matchAll(/"([\da-f.:/]+)"/g)].map(([, prefix]) => prefix);
  expect(virtualSpaces.map(({ within }) => within)).toEqual(inGo);
  const [, most = ''] = /PairsAtMost = (\d+)/.exec(await source('mapping/mapping.go')) ?? [];
  expect(mostMappings).toBe(Number(most));
});
