import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { helperUnit } from './helper-unit.ts';

const program = '/opt/Slipway/resources/native/bin/slipway-helper';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unitThatStarts(text: string): string {
  const file = join(folder, 'slipway-helper@.service');
  writeFileSync(file, `[Service]\nExecStart=${text}\n`);
  return file;
}

it('is the unit of this user where it starts this very program', () => {
  const file = unitThatStarts(`${program} serve --user %i`);
  expect(helperUnit(program, 1000, ['/nowhere', file], folder)).toBe('slipway-helper@1000.service');
});

it('is none where it starts another program', () => {
  const file = unitThatStarts(`${program} serve --user %i`);
  expect(helperUnit('/home/jane/slipway/native/bin/slipway-helper', 1000, [file], folder)).toBeNull();
});

it('is none where there is no such unit, or another system starts this computer', () => {
  expect(helperUnit(program, 1000, ['/nowhere'], folder)).toBeNull();
  expect(helperUnit(program, 1000, [unitThatStarts(`${program} serve --user %i`)], '/nowhere')).toBeNull();
});
