import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootId, forgetEarlierBoot } from './boot.ts';
import { Space, startTime } from './space.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(path.join(tmpdir(), 'slipway-boot-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

test('what an earlier start of the machine left is removed, once', async () => {
  expect(await forgetEarlierBoot(state, 'first')).toBe(false);
  writeFileSync(path.join(state, 'etcd'), 'half');
  expect(await forgetEarlierBoot(state, 'first')).toBe(false);
  expect(existsSync(path.join(state, 'etcd'))).toBe(true);
  expect(await forgetEarlierBoot(state, 'second')).toBe(true);
  expect(existsSync(path.join(state, 'etcd'))).toBe(false);
  expect(await forgetEarlierBoot(state, 'second')).toBe(false);
});

test.each([
  ['of this start of the machine', bootId(), process.pid],
  ['of an earlier one, whose process id is another’s now', 'earlier', undefined],
])('a record %s', async (_, boot, pid) => {
  await forgetEarlierBoot(path.join(state, 'spaces'));
  const record = { pid: process.pid, startTime: startTime(process.pid), boot, network: '', identity: '' };
  writeFileSync(path.join(state, 'spaces', 'lan.json'), JSON.stringify(record));
  expect(new Space('lan', { state, logs: state }).pid).toBe(pid);
});
