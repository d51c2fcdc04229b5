/**
 * A user without any right on the laptop, as most are: only the helper has root. What is this user's, another user of the
 * laptop cannot look into, end or take over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LaptopPlace, Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const [userId, strangerId] = [23_456, 34_567];

function as(id: number, place: LaptopPlace): LaptopPlace {
  const enter = [...place.enter, 'setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
  return { ...place, enter };
}

describe('a user without rights', () => {
  let scene: Scene;
  let product: Product;
  let folder = '';
  let helper: ChildProcess;
  let stranger: LaptopPlace;
  let processes: { helper: number; engine: number; core: number };

  beforeAll(async () => {
    scene = await setScene('plain', 'ordinary');
    folder = mkdtempSync(join(tmpdir(), 'slipway-user-'));
    chmodSync(folder, 0o755); // others may come as far as the product's own folders
    const kubeconfig = join(folder, 'kubeconfig');
    copyFileSync(scene.sandbox.kubeconfig, kubeconfig);
    for (const name of ['runtime', 'config', 'state']) {
      mkdirSync(join(folder, name), { mode: 0o700 });
      chownSync(join(folder, name), userId, userId);
    }
    chownSync(kubeconfig, userId, userId);
    stranger = as(strangerId, scene.laptop);
    product = new Product(as(userId, scene.laptop), folder, kubeconfig, { HOME: folder });
    // What sudo, pkexec or a unit of the system does for such a user.
    const [enter = '', ...rest] = scene.laptop.enter;
    const serve = [join(process.cwd(), 'native/bin/slipway-helper'), 'serve', '--user', `${userId}`];
    helper = spawn(enter, [...rest, ...serve], { stdio: 'ignore', env: { ...scene.laptop.environment } });
    await product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
    const [engine = 0] = product.processIds('engine');
    const [core = 0] = product.processIds('core');
    processes = { helper: helper.pid ?? 0, engine, core };
    expect(
      Object.values(processes).every((id) => id > 0),
      'a signal to 0 would end these tests',
    ).toBe(true);
  });
  afterAll(async () => {
    await product.disconnect();
    helper.kill('SIGTERM');
    expect(await scene.unchanged()).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
    await closeScene(scene);
  });

  it('is connected, and so is every other user of the laptop', async () => {
    for (const place of [product.place, stranger, scene.laptop]) {
      await must(place, ['curl', '-sS', '-m', '5', 'http://orders.webshop/']);
    }
    expect((await product.slipway(['doctor'])).code).toBe(0);
  });

  it('runs engine and core without root', async () => {
    const owners = await must(scene.laptop, [
      'stat',
      '-c',
      '%u',
      `/proc/${processes.engine}`,
      `/proc/${processes.core}`,
    ]);
    expect(owners).toBe(`${userId}\n${userId}\n`);
    const rights = await must(scene.laptop, ['grep', '-h', 'CapEff', `/proc/${processes.engine}/status`]);
    expect(rights).toMatch(/CapEff:\s+0{16}/);
  });

  it('has sockets and files that another user cannot come near', async () => {
    for (const socket of [`/run/slipway/${userId}/helper.sock`, join(folder, 'runtime/core.sock')]) {
      await must(scene.laptop, ['test', '-S', socket]);
      const outcome = await run(stranger, ['nc', '-U', '-w', '2', socket], { input: '{}\n', deadline: 8000 });
      expect(outcome.code, socket).not.toBe(0);
      expect(outcome.stderr).toContain('denied');
    }
    for (const name of ['runtime', 'config', 'state']) {
      expect((await run(stranger, ['ls', join(folder, name)])).stderr).toContain('denied');
    }
  });

  it('has processes that another user cannot look into or end', async () => {
    for (const [kind, id] of Object.entries(processes)) {
      expect(id, kind).toBeGreaterThan(0);
      // What ptrace(2) is asked for decides over maps too: who may not read these may not attach.
      const attempts = [`ls /proc/${id}/fd/`, `cat /proc/${id}/environ`, `cat /proc/${id}/maps`, `kill -TERM ${id}`];
      for (const attempt of attempts) {
        const outcome = await run(stranger, ['sh', '-c', attempt]);
        expect(outcome.code, `${kind}: ${attempt}`).not.toBe(0);
        expect(outcome.stderr).toMatch(/denied|not permitted/);
      }
      await must(scene.laptop, ['sh', '-c', `cat /proc/${id}/maps > /dev/null`]);
    }
  });

  it('has an engine without a socket that anybody could find', async () => {
    const sockets = await must(scene.laptop, ['sh', '-c', `ss -Hxap | grep 'pid=${processes.engine},'`]);
    const names = sockets.split('\n').flatMap((line) => (line === '' ? [] : [line.trim().split(/\s+/)[4]]));
    expect(new Set(names), 'only unnamed ends of pairs: to the core and to the helper').toEqual(new Set(['*']));
  });

  it('has a tunnel interface that another user cannot take or change', async () => {
    const link = await must(scene.laptop, ['sh', '-c', "ip -o link | grep -o 'slipway[^:@ ]*' | head -n 1"]);
    const device = link.trim();
    for (const attempt of [
      ['ip', 'tuntap', 'add', 'dev', device, 'mode', 'tun'],
      ['ip', 'link', 'set', device, 'down'],
      ['ip', 'address', 'add', '198.18.200.2/32', 'dev', device],
    ]) {
      const outcome = await run(stranger, attempt);
      expect(outcome.code, attempt.join(' ')).not.toBe(0);
      expect(outcome.stderr).toMatch(/not permitted|denied|busy/);
    }
    await must(scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders.webshop/']);
  });

  it('finds the laptop as it was after a kill of core and engine', async () => {
    process.kill(processes.core, 'SIGKILL');
    process.kill(processes.engine, 'SIGKILL');
    const isRestored = async () => (await scene.unchanged(['processes', 'sockets'])).length === 0;
    expect(await eventually(isRestored, 10_000)).toBe(true);
  });
});
