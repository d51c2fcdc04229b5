import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exposure, findExposure, findRootsProgram, mayElevate } from './elevation.ts';

let folder = '';
let helper = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'slipway-elevation-')));
  await mkdir(join(folder, 'native/bin'), { recursive: true });
  helper = join(folder, 'native/bin/slipway-helper');
  await writeFile(helper, '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is root's alone but for what a case says; below /opt/Slipway as a package puts it. */
const installed = '/opt/Slipway/resources/native/bin/slipway-helper';
function looking(odd: Record<string, { uid?: number; mode?: number }>) {
  return async (path: string) => ({ uid: 0, mode: 0o40_755, ...odd[path] });
}

describe('a file that root runs', () => {
  it.each<[string, Record<string, { uid?: number; mode?: number }>, Exposure | null]>([
    ["is root's alone all the way", {}, null],
    ['is the user’s', { [installed]: { uid: 1000 } }, { path: installed, user: 1000 }],
    ['can be written by everybody', { [installed]: { mode: 0o100_777 } }, { path: installed, user: null }],
    ['lies in a folder of the user’s', { '/opt/Slipway': { uid: 1000 } }, { path: '/opt/Slipway', user: 1000 }],
    ['lies in a folder of a group’s', { '/opt': { mode: 0o40_775 } }, { path: '/opt', user: null }],
    ['lies where all may write, though sticky', { '/opt': { mode: 0o41_777 } }, { path: '/opt', user: null }],
    ['lies below a root folder that is somebody’s', { '/': { uid: 65_534 } }, { path: '/', user: 65_534 }],
  ])('%s', async (_, odd, exposure) => {
    expect(await findExposure(installed, looking(odd))).toEqual(exposure);
  });
});

describe('what is started as root by a prompt', () => {
  it("is the clone's own program in a clone, and that is known", async () => {
    expect(await mayElevate(helper, join(folder, 'native/bin'))).toEqual({ program: helper, isClone: true });
  });

  it('is nothing of a package that a user can change', async () => {
    expect(await mayElevate(helper, null)).toMatchObject({
      problem: { code: 'helper-untrusted', cause: expect.stringContaining(`${helper} will not be run as root: `) },
    });
  });

  it('is nothing beside a clone, wherever the environment points', async () => {
    const other = join(folder, 'slipway-helper');
    await writeFile(other, '#!/bin/sh\n', { mode: 0o755 });
    expect(await mayElevate(other, join(folder, 'native/bin'))).toMatchObject({
      problem: { code: 'helper-untrusted' },
    });
  });

  it('is no symlink out of a clone', async () => {
    const other = join(folder, 'other');
    await writeFile(other, '#!/bin/sh\n', { mode: 0o755 });
    await rm(helper);
    await symlink(other, helper);
    expect(await mayElevate(helper, join(folder, 'native/bin'))).toMatchObject({
      problem: { code: 'helper-untrusted' },
    });
  });

  it('is a program that root alone can change, by its own path', async () => {
    const tool = await realpath('/usr/bin/env');
    await symlink('/usr/bin/env', join(folder, 'env'));
    expect(await mayElevate(join(folder, 'env'), null)).toEqual({ program: tool, isClone: false });
  });

  it('is nothing that cannot be run', async () => {
    await chmod(helper, 0o644);
    for (const program of [helper, join(folder, 'nothing')]) {
      expect(await mayElevate(program, join(folder, 'native/bin'))).toMatchObject({
        problem: { code: 'helper-program-missing' },
      });
    }
  });
});

describe('a program that asks for a password', () => {
  it("is the first that is root's alone, not the first", async () => {
    await writeFile(join(folder, 'env'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await findRootsProgram('env', `${folder}:.::/usr/bin`)).toBe('/usr/bin/env');
  });

  it("is not found through a folder of a user's", async () => {
    await symlink('/usr/bin/env', join(folder, 'env'));
    if (process.getuid?.() === 0) {
      await chown(folder, 1000, 1000);
    }
    expect(await findRootsProgram('env', folder)).toBeNull();
  });
});
