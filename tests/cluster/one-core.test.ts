/** One core is found from everywhere, whatever became of its files (docs/adr/0032-one-core.md), and means each caller's own files. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, must, type RunOptions, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const cli = join(import.meta.dirname, '../../app/hosts/cli/slipway.mjs');
/** Where the product looks by itself: below the home folder of passwd(5), of this laptop alone. */
const place = join(userInfo().homedir, '.local/state/slipway/run');

describe('one core', () => {
  let scene: Scene;
  /** As cron has it: neither a runtime folder nor ours. */
  let bare: Record<string, string>;

  beforeAll(async () => {
    scene = await setScene('plain', 'one-core');
    mkdirSync(place, { recursive: true, mode: 0o700 });
    await must(scene.laptop, ['mount', '-t', 'tmpfs', '-o', 'mode=700', 'tmpfs', place]);
    const { SLIPWAY_RUNTIME_DIR: _ours, XDG_RUNTIME_DIR: _login, ...rest } = scene.product.place.environment;
    bare = rest;
    const connected = await slipway(
      ['connect', 'sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage],
      { XDG_RUNTIME_DIR: '/run/user/0', TMPDIR: '/var/tmp' },
    );
    expect(connected.code, connected.stderr).toBe(0);
  });
  afterAll(async () => {
    await slipway(['disconnect', '--quit']);
    await run(scene.laptop, ['umount', place]);
    await closeScene(scene);
  });

  const slipway = (words: readonly string[], more: Record<string, string> = {}, options: RunOptions = {}) =>
    run({ enter: scene.laptop.enter, environment: { ...bare, ...more } }, [process.execPath, cli, ...words], {
      deadline: 90_000,
      ...options,
    });

  it.each<[string, Record<string, string>]>([
    ['cron', {}],
    ['another login', { XDG_RUNTIME_DIR: '/run/user/0' }],
    ['a terminal with a temporary folder of its own', { TMPDIR: '/var/tmp' }],
    ['another spelling of the home folder', { HOME: `${userInfo().homedir}/.` }],
    ['another state folder', { XDG_STATE_HOME: '/var/tmp/state' }],
  ])('is found from %s', async (_, environment) => {
    const { stdout, stderr } = await slipway(['status', '-o', 'json'], environment);
    expect(JSON.parse(stdout), stderr).toMatchObject({ connections: [{ phase: 'connected' }] });
  });

  it('comes back where its folder is deleted, and stays the only one', async () => {
    const [core] = scene.product.processIds('core');
    await must(scene.laptop, ['sh', '-c', `rm -rf ${place}/*`]);
    const { stdout } = await slipway(['status', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ processId: core, connections: [{ phase: 'connected' }] });
    expect((await slipway(['connect', 'sandbox'])).code).toBe(0);
    expect(scene.product.processIds('core')).toEqual([core]);
  });

  it('is named where the files of another one are looked at', async () => {
    const elsewhere = { SLIPWAY_RUNTIME_DIR: join(scene.product.folder, 'elsewhere') };
    for (const command of ['status', 'disconnect']) {
      const { stderr } = await slipway([command], elsewhere);
      expect(stderr).toMatch(/process \d+ of this user/);
    }
  });

  it('reads a relative KUBECONFIG from each caller’s folder', async () => {
    const folders = ['one', 'two'].map((name) => join(scene.product.folder, name));
    for (const folder of folders) {
      mkdirSync(folder);
      cpSync(scene.sandbox.kubeconfig, join(folder, 'kc'));
      const listed = await must({ enter: scene.laptop.enter, environment: { ...bare, KUBECONFIG: 'kc' } }, [
        'sh',
        '-c',
        `cd '${folder}' && '${process.execPath}' '${cli}' contexts -o json`,
      ]);
      expect(JSON.parse(listed).contexts).toMatchObject([{ name: 'sandbox', file: join(folder, 'kc') }]);
      rmSync(folder, { recursive: true });
    }
    const named = await slipway(['contexts', '--kubeconfig', scene.sandbox.kubeconfig, '-o', 'json']);
    expect(JSON.parse(named.stdout).contexts).toHaveLength(1);
  });

  it('is switched off from anywhere', async () => {
    expect(await slipway(['disconnect'])).toMatchObject({ code: 0 });
    expect(await eventually(async () => (await slipway(['status'])).stdout.includes('off'), 20_000)).toBe(true);
    expect(await scene.unchanged()).toEqual([]);
  });
});
