import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { footprintTexts } from './footprint.ts';
import { missingMaterials } from './materials.ts';

test('an empty cache misses everything, and looking makes nothing', async () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'slipway-cache-'));
  try {
    const missing = await missingMaterials(cache, ['plain']);
    expect(missing).toEqual([
      'packages-cluster',
      'packages-laptop',
      'programs',
      'coredns',
      'etcd',
      'kubernetes',
      'images',
    ]);
    expect(readdirSync(cache)).toEqual([]);
    const texts = footprintTexts(missing, cache);
    expect(texts.join('\n')).toContain(`572 MB in ${cache}, and up to 4.4 GB in Go’s own caches`);
    expect(texts.join('\n')).toContain('ten minutes');
  } finally {
    rmSync(cache, { recursive: true });
  }
});

test('where nothing is to be made, memory is all there is to say', () => {
  expect(footprintTexts([], '/cache')).toEqual([expect.stringContaining('memory')]);
  expect(footprintTexts(['images'], '/cache').join()).not.toMatch(/minutes|Go’s/);
});
