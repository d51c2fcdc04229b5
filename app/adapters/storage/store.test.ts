import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultSettings, type Wanted } from '../../contract/index.ts';
import { silentLog } from '../testing/api-server.ts';
import { openStore } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const wanted: Wanted = {
  context: 'a',
  file: '/home/jane/.kube/config',
  homeNamespace: 'shop',
  agentNamespace: 'shop',
  agentImage: '',
  baseImage: 'busybox',
};

test('what was saved is there for the next core, in files for the user alone', async () => {
  const store = openStore(folder, silentLog);
  expect(await store.settings()).toEqual({ ok: true, value: defaultSettings });
  expect(await store.wanted()).toEqual([]);
  const settings = { ...defaultSettings, extraRanges: ['10.1.0.0/16'], recover: false };
  await store.saveSettings(settings);
  await store.saveWanted([wanted]);
  await store.trustExecPlugin('hmac-sha256:a');
  await store.trustExecPlugin('hmac-sha256:b');
  await store.trustExecPlugin('hmac-sha256:a');
  const next = openStore(folder, silentLog);
  expect(await next.settings()).toEqual({ ok: true, value: settings });
  expect(await next.wanted()).toEqual([wanted]);
  expect(await next.trustedExecPlugins()).toEqual(['hmac-sha256:a', 'hmac-sha256:b']);
  for (const name of await readdir(folder)) {
    expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
  }
});

test('saves side by side leave one of them whole, and nothing else', async () => {
  const store = openStore(folder, silentLog);
  const ranges = Array.from({ length: 20 }, (_, index) => `10.${index}.0.0/16`);
  await Promise.all(ranges.map((range) => store.saveSettings({ ...defaultSettings, extraRanges: [range] })));
  expect(await store.settings()).toMatchObject({ ok: true, value: { extraRanges: ['10.19.0.0/16'] } });
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test('settings of any size are put aside unread', async () => {
  const file = join(folder, 'settings.json');
  await writeFile(file, '');
  await truncate(file, 9 << 20);
  const store = openStore(folder, silentLog);
  const first = await store.settings();
  expect(first).toMatchObject({ ok: false, problem: { cause: expect.stringContaining('larger than 8 MiB') } });
  expect(await store.settings()).toEqual({ ok: true, value: defaultSettings });
});

test.each(['', '{', '[]', 'null', '{"recover":"yes"}', '{"kubeconfigFiles":[1]}'])(
  'broken settings (%s) are told once, kept aside whole, and the defaults take over',
  async (content) => {
    await writeFile(join(folder, 'settings.json'), content);
    const store = openStore(folder, silentLog);
    const first = await store.settings();
    expect(first).toMatchObject({ ok: false, problem: { facts: { keptAs: expect.any(String) } } });
    expect(await store.settings()).toEqual({ ok: true, value: defaultSettings });
    const keptAs = first.ok ? '' : (first.problem.facts.keptAs ?? '');
    expect(await readFile(keptAs, 'utf8')).toBe(content);
  },
);

test('settings of an older version get the newer defaults', async () => {
  await writeFile(join(folder, 'settings.json'), '{"baseImage":"registry/base:1","unknown":1}');
  expect(await openStore(folder, silentLog).settings()).toEqual({
    ok: true,
    value: { ...defaultSettings, baseImage: 'registry/base:1' },
  });
});

test('a broken list counts as empty and is kept', async () => {
  await writeFile(join(folder, 'wanted.json'), '[{"context":1}]');
  await writeFile(join(folder, 'trusted-exec-plugins.json'), 'oops');
  const store = openStore(folder, silentLog);
  expect(await store.wanted()).toEqual([]);
  expect(await store.trustedExecPlugins()).toEqual([]);
  expect((await readdir(folder)).filter((name) => name.includes('.broken-'))).toHaveLength(2);
});

test('a folder that is gone is a problem, and no half file is left', async () => {
  const store = openStore(join(folder, 'gone'), silentLog);
  expect(await store.saveSettings(defaultSettings)).toMatchObject({ ok: false });
  expect(await readdir(folder)).toEqual([]);
});
