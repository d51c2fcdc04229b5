import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { entry, testActivityStore } from '../../fakes/port-tests/activity.ts';
import { openActivityFile } from './activity-file.ts';

testActivityStore('file', async () => {
  const own = await mkdtemp(join(tmpdir(), 'slipway-activity-'));
  return {
    open: () => openActivityFile(join(own, 'activity.jsonl')),
    close: () => rm(own, { recursive: true, force: true }),
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-activity-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('stays within its bound, forgets the oldest and never the newest, and is for the user alone', async () => {
  const file = join(folder, 'activity.jsonl');
  const store = openActivityFile(file, 4000);
  for (let id = 1; id <= 60; id += 1) {
    await store.append([entry(id)]);
  }
  const names = await readdir(folder);
  expect(names.toSorted()).toEqual(['activity.jsonl', 'activity.jsonl.1']);
  for (const name of names) {
    const { size, mode } = await stat(join(folder, name));
    expect(size).toBeLessThanOrEqual(4000);
    expect(mode & 0o777).toBe(0o600);
  }
  const ids = (await openActivityFile(file).read()).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => 61 - ids.length + index));
  expect(ids.length).toBeGreaterThan(8);
});

test('a line that a crash cut off, or that nobody understands, loses only itself', async () => {
  const file = join(folder, 'activity.jsonl');
  await openActivityFile(file).append([entry(1)]);
  await appendFile(file, 'null\n{"id":"seven"}\n{"kind":"from-a-newer-version","id":1}\n{"id": 2, "at": 17000');
  const store = openActivityFile(file);
  await store.append([entry(3)]);
  await store.append([entry(4)]);
  expect(await openActivityFile(file).read()).toEqual([entry(1), entry(3), entry(4)]);
});

test('a folder that is gone is told, and nothing throws', async () => {
  const store = openActivityFile(join(folder, 'gone', 'activity.jsonl'));
  expect(await store.read()).toEqual([]);
  expect(await store.append([entry(1)])).toMatchObject({ ok: false, problem: { code: 'file-unwritable' } });
});
