import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { modulesFit } from './tools.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-modules-'));
  mkdirSync(join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (file: string, packages: object) =>
  writeFileSync(join(folder, file), JSON.stringify({ lockfileVersion: 3, packages }));

it('an installation fits the lock file by what npm itself wrote down', () => {
  write('package-lock.json', {
    '': { name: 'slipway' },
    'node_modules/zod': { version: '4.0.0' },
    'node_modules/for-another-system': { version: '1.0.0', optional: true },
  });
  expect(modulesFit(folder), 'nothing installed').toBe(false);
  write('node_modules/.package-lock.json', { 'node_modules/zod': { version: '4.0.0' } });
  expect(modulesFit(folder)).toBe(true);
  write('node_modules/.package-lock.json', { 'node_modules/zod': { version: '3.9.0' } });
  expect(modulesFit(folder), 'another version').toBe(false);
  write('node_modules/.package-lock.json', {});
  expect(modulesFit(folder), 'one that is missing').toBe(false);
});
