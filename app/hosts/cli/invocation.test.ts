import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { invocationOf } from './invocation.ts';

let folder = '';
let launcher = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-invocation-')));
  for (const name of ['clone', 'bin', 'other', "jane's clone"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'slipway'), '');
  }
  launcher = join(folder, 'clone/slipway');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('is the launcher beside one in the clone', () => {
  expect(invocationOf(launcher, '/usr/bin:/bin', join(folder, 'clone'))).toBe('./slipway');
});

it('is its path elsewhere, as a shell reads it', () => {
  expect(invocationOf(launcher, '/usr/bin', folder)).toBe(launcher);
  expect(invocationOf(join(folder, "jane's clone/slipway"), '', folder)).toBe(`'${folder}/jane'\\''s clone/slipway'`);
});

it('is its name only where that leads to it', () => {
  expect(invocationOf(launcher, `/usr/bin:${join(folder, 'other')}`, folder)).toBe(launcher);
  rmSync(join(folder, 'bin/slipway'));
  symlinkSync(launcher, join(folder, 'bin/slipway'));
  expect(invocationOf(launcher, `relative:${join(folder, 'bin')}`, folder)).toBe('slipway');
});
