import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeRedirectFile } from './redirect-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-redirect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.runIf(process.getuid?.() === 0)('is the reader’s alone where that is another user', () => {
  chmodSync(folder, 0o711);
  const { path } = writeRedirectFile(folder, 'http://127.0.0.1:1', 'code', { uid: 1000, gid: 1001 });
  const { uid, gid, mode } = statSync(path);
  expect([uid, gid, mode & 0o777]).toEqual([1000, 1001, 0o600]);
});

it('is written beside what a link in its place leads to', () => {
  const other = join(folder, 'other');
  writeFileSync(other, 'kept');
  symlinkSync(other, join(folder, 'open-slipway.html'));
  const file = writeRedirectFile(folder, 'http://127.0.0.1:1', 'code');
  expect(readFileSync(file.path, 'utf8')).toContain('value="code"');
  expect(readFileSync(other, 'utf8')).toBe('kept');
  file.remove();
});
