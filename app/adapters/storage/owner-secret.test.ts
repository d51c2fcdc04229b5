/** An engine that was killed is known by its next, and by nobody else. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../testing/api-server.ts';
import type { Owner } from './owner.ts';
import { openOwnerSecret } from './owner-secret.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-owner-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const server = 'https://api.example.org';
const laptop: Owner = { network: 'aaaaaaaaaaaa', boot: 'boot-1', machine: 'laptop' };
const file = () => join(folder, 'owner-secret.aaaaaaaaaaaa.json');
const secretOf = (owner: Owner, of = server) => openOwnerSecret(folder, silentLog, owner)(of);

it.each<[string, Partial<Owner>, boolean]>([
  ['the next core', {}, true],
  ['the next core after the computer went down', { network: 'bbbbbbbbbbbb', boot: 'boot-2' }, true],
  ['a core of another network', { network: 'bbbbbbbbbbbb' }, false],
  ['a core of another computer', { network: 'bbbbbbbbbbbb', boot: 'boot-2', machine: 'desktop' }, false],
  ['a container without a name of its own', { network: 'bbbbbbbbbbbb', machine: '' }, false],
])('of a core is that of %s: %j', async (_, change, isSame) => {
  const secret = await secretOf(laptop);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect((await secretOf({ ...laptop, ...change })) === secret).toBe(isSame);
});

it('is another one for each API server, and what is kept is told to none', async () => {
  const told = [await secretOf(laptop), await secretOf(laptop, 'https://elsewhere.example.org')];
  expect(told[1]).not.toBe(told[0]);
  const kept = await readFile(file(), 'utf8');
  expect(told.filter((secret) => kept.includes(secret))).toEqual([]);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
});

it.each([
  ['cut off', '{"boot":"boot-1","machine":"lap'],
  ['of another shape', '{"boot":"boot-1","machine":"laptop","values":["short"]}'],
  ['empty', ''],
])('is made anew where the file is %s, and kept', async (_, text) => {
  await writeFile(file(), text);
  const made = await secretOf(laptop);
  expect(made).toMatch(/^[0-9a-f]{64}$/);
  expect(await secretOf(laptop)).toBe(made);
});

it('lasts as long as the core where nothing can be kept', async () => {
  await mkdir(file());
  const tell = openOwnerSecret(folder, silentLog, laptop);
  expect(await tell(server)).toBe(await tell(server));
  expect(await readdir(folder)).toEqual(['owner-secret.aaaaaaaaaaaa.json']);
});
