import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFolders } from './folders.ts';

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

test('takes XDG_RUNTIME_DIR only where it is the user’s own', async () => {
  const own = join(root, 'user');
  await mkdir(own);
  const { SLIPWAY_RUNTIME_DIR: _, ...without } = environment();
  expect(await findFolders({ ...without, XDG_RUNTIME_DIR: own })).toMatchObject({
    ok: true,
    value: { runtime: join(own, 'slipway') },
  });
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
