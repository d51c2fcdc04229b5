import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFolders } from './folders.ts';
import { userPlace } from './user-place.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-folders-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}) => ({
  HOME: root,
  SLIPWAY_RUNTIME_DIR: join(root, 'run'),
  ...more,
});

test('makes folders for the user alone, where XDG says', async () => {
  const found = await findFolders(environment({ XDG_CONFIG_HOME: join(root, 'etc'), XDG_STATE_HOME: 'relative' }));
  expect(found).toEqual({
    ok: true,
    value: {
      runtime: join(root, 'run'),
      config: join(root, 'etc/slipway'),
      state: join(root, '.local/state/slipway'), // a relative value must be ignored
    },
  });
  for (const folder of Object.values(found.ok ? found.value : {})) {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  }
});

describe('the place of the core', () => {
  const user = () => ({ id: process.getuid?.() ?? null, home: root });
  const bare = { HOME: '/somewhere/else' };

  test.each<[string, Record<string, string>]>([
    ['a terminal', { XDG_RUNTIME_DIR: tmpdir(), TMPDIR: '/var/tmp' }],
    ['`su -`, cron, a service', {}],
    ['another spelling of the home folder', { HOME: `${tmpdir()}//.` }],
    ['another state folder', { XDG_STATE_HOME: join(tmpdir(), 'elsewhere') }],
  ])('is the same for %s', async (_, given) => {
    const found = await findFolders(
      { ...bare, ...given, SLIPWAY_CONFIG_DIR: join(root, 'config'), SLIPWAY_STATE_DIR: join(root, 'state') },
      user(),
    );
    const asked = await findFolders(environmentOfPlace(), user());
    expect(found.ok && asked.ok && found.value.runtime === asked.value.runtime).toBe(true);
    expect(found.ok && found.value.runtime.startsWith(join(root, '.local/state/slipway/run'))).toBe(true);
  });

  test.each<[string, () => string]>([
    ['no home folder', () => ''],
    ['a home folder that is not there', () => join(root, 'gone')],
    ['a home folder that is a file', () => join(root, 'file')],
    ['a home folder with a name too long for a socket', () => join(root, 'a'.repeat(80))],
  ])('is a folder of the user’s own in the temporary one with %s', async (_, home) => {
    await writeFile(join(root, 'file'), '');
    await mkdir(join(root, 'a'.repeat(80)));
    const place = userPlace({ id: 4711, home: home() });
    expect(place).toMatch(/^\/tmp\/slipway-4711-[0-9a-f]{12}$/);
  });

  function environmentOfPlace(): Record<string, string> {
    return { SLIPWAY_CONFIG_DIR: join(root, 'config'), SLIPWAY_STATE_DIR: join(root, 'state') };
  }
});

test('refuses a symlink and a file, and closes a folder that was open to others', async () => {
  await mkdir(join(root, 'elsewhere'));
  await symlink(join(root, 'elsewhere'), join(root, 'link'));
  await writeFile(join(root, 'file'), '');
  for (const bad of ['link', 'file']) {
    expect(await findFolders(environment({ SLIPWAY_RUNTIME_DIR: join(root, bad) }))).toMatchObject({
      ok: false,
      problem: { facts: { folder: join(root, bad) } },
    });
  }
  await mkdir(join(root, 'run'));
  await chmod(join(root, 'run'), 0o755);
  expect((await findFolders(environment())).ok).toBe(true);
  expect((await stat(join(root, 'run'))).mode & 0o777).toBe(0o700);
});

test.runIf(process.getuid?.() === 0)('refuses a folder of somebody else', async () => {
  const { chown } = await import('node:fs/promises');
  await mkdir(join(root, 'run'));
  await chown(join(root, 'run'), 65534, 65534);
  expect(await findFolders(environment())).toMatchObject({ ok: false });
});
