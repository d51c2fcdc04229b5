/**
 * `slipway connect --proxy` by a user without any right, on a laptop without a helper: programs that use the proxy reach the
 * cluster by every name, other users of the laptop do not, nothing of the laptop is changed, and nothing is left.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flow, type ProxyAccess, proxyAccessSchema, snapshotSchema } from '../../app/contract/index.ts';
import { hasBrowser } from './laptop-browser.ts';
import { differences, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { type LaptopPlace, Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';
import { makeUserFolder } from './user-folder.ts';

const [userId, strangerId] = [23_456, 34_567];
const { http, grpc, blob, noEndpoint, baseImage } = workload;

function as(id: number, place: LaptopPlace): LaptopPlace {
  const enter = [...place.enter, 'setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--no-new-privs'];
  return { ...place, enter };
}

describe('a connection by a proxy', () => {
  let scene: Scene;
  let user: LaptopPlace;
  let product: Product;
  let folder = '';
  let access: ProxyAccess & { readonly socks: string; readonly http: string };

  const curl = (...args: readonly string[]) => ['curl', '-sS', '-m', '10', ...args];
  const connection = async () => (await product.snapshot()).connections.find(({ phase }) => phase !== 'off');

  beforeAll(async () => {
    scene = await setScene('plain', 'proxy');
    const made = makeUserFolder('proxy', userId, scene.sandbox.kubeconfig);
    folder = made.folder;
    user = as(userId, scene.laptop);
    product = new Product(user, folder, made.kubeconfig, { HOME: join(folder, 'home') });
  });
  afterAll(async () => {
    await product.disconnect();
    const left = await scene.unchanged();
    rmSync(folder, { recursive: true, force: true });
    await closeScene(scene);
    expect(left).toEqual([]);
  });

  it('is offered where there is neither a helper nor somebody who may start one', async () => {
    const refused = await product.slipway(['connect', 'sandbox', '--namespace', http.namespace]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('helper-missing');
    expect(refused.stderr).toContain('connect --proxy');
  });

  it('connects without changing anything of the laptop but a port of loopback', async () => {
    await product.connect('sandbox', '--proxy', '--namespace', http.namespace, '--base-image', baseImage);
    const changed = differences(scene.before, await takeLaptopSnapshot(scene.laptop, scene.laptop.holder), [
      'processes',
      'sockets',
    ]);
    expect(changed).toEqual([]);
    const printed = await product.slipway(['proxy', '-o', 'json']);
    expect(printed.code, printed.stderr).toBe(0);
    access = { ...proxyAccessSchema.parse(JSON.parse(printed.stdout)), ...JSON.parse(printed.stdout) };
    expect(access.knowsUsers).toBe(true);
    const listening = await must(scene.laptop, ['ss', '-Hltn', `sport = :${access.port}`]);
    expect(listening.trim().split('\n')).toHaveLength(1);
    expect(listening).toContain(`127.0.0.1:${access.port}`);
  });

  it('says in status that it is a proxy', async () => {
    const status = await product.slipway(['status']);
    expect(status.stdout).toContain(`by proxy on 127.0.0.1:${access.port}`);
    expect(status.stdout).not.toMatch(/routes|interface/);
    const snapshot = snapshotSchema.parse(JSON.parse((await product.slipway(['status', '-o', 'json'])).stdout));
    expect(snapshot.connections).toMatchObject([
      { phase: 'connected', proxy: { port: access.port }, names: { mode: 'proxy' }, degraded: [] },
    ]);
    expect(JSON.stringify(snapshot)).not.toContain(access.password);
  });

  it.each(http.names)('brings curl to %s by SOCKS5, by CONNECT and by a plain request', async (name) => {
    for (const way of [
      ['--proxy', access.socks],
      ['--proxy', access.http, '--proxytunnel'],
      ['--proxy', access.http],
    ]) {
      expect(await must(user, curl(...way, `http://${name}/`)), way.join(' ')).toContain('"pod"');
    }
  });

  it('brings what is told by the environment, and leaves what is not the cluster’s as it was', async () => {
    const shell = await product.slipway(['proxy']);
    const exports = shell.stdout.split('\n').filter((line) => line.startsWith('export '));
    expect(exports.length).toBeGreaterThan(0);
    const inShell = (command: string) => must(user, ['sh', '-c', `${exports.join('\n')}\n${command}`]);
    expect(await inShell('curl -sS -m 10 http://orders/')).toContain('"pod"');
    const withoutPort = (answer: string) => answer.replace(/:\d+\s*$/, '');
    const outside = withoutPort(await must(user, curl('http://www.example.test/')));
    expect(outside).toContain('outside: www.example.test');
    expect(withoutPort(await inShell('curl -sS -m 10 http://www.example.test/'))).toBe(outside);
  });

  it('carries gRPC, and names a refusal', async () => {
    const environment = { HTTPS_PROXY: access.http, https_proxy: access.http };
    const answer = await must(user, ['probe', 'grpc', `${grpc.name}:${grpc.port}`, 'hello'], { environment });
    expect(answer).toContain('hello');
    const refused = await run(
      user,
      curl('-v', '--proxy', access.socks, `http://${noEndpoint.service}.${noEndpoint.namespace}:${noEndpoint.port}/`),
    );
    expect(refused.code).toBe(97); // CURLE_PROXY: the proxy says why
    expect(refused.stderr).toMatch(/refused|\(5\)/i);
    const nobody = await run(user, curl('--proxy', access.socks, 'http://no-such-service.webshop.svc.cluster.local/'));
    expect(nobody.code).not.toBe(0);
  });

  it('tells the programs in its flows, and counts what they move', async () => {
    const url = `http://${blob.name}/blob?bytes=50000000`; // more than any buffer on the way holds
    const held = run(user, curl('-m', '20', '--proxy', access.socks, '--limit-rate', '20000', '-o', '/dev/null', url));
    let printed = '';
    let holder = 0;
    const isTold = await eventually(async () => {
      printed = (await product.slipway(['flows', '-o', 'json'])).stdout;
      const { flows } = JSON.parse(printed) as { flows: Flow[] };
      holder = flows.find(({ target }) => target?.name === 'catalog-images')?.program?.processId ?? 0;
      return holder !== 0 && readFileSync(`/proc/${holder}/cmdline`, 'utf8').includes(url);
    }, 18_000);
    expect(isTold, printed).toBe(true);
    process.kill(holder);
    await held;
    const isCounted = await eventually(async () => {
      const now = await connection();
      return now?.phase === 'connected' && now.bytesDown > 0;
    }, 10_000);
    expect(isCounted).toBe(true);
  });

  it.skipIf(!hasBrowser)('opens a Service in Chromium by the file that it serves', async () => {
    const wrapper = join(folder, 'chromium-in-laptop');
    const quoted = [...user.enter, process.env.SLIPWAY_TEST_BROWSER ?? '/usr/bin/chromium']
      .map((part) => `'${part.replaceAll("'", "'\\''")}'`)
      .join(' ');
    writeFileSync(wrapper, `#!/bin/sh\nexport HOME='${join(folder, 'home')}'\nexec ${quoted} "$@"\n`);
    chmodSync(wrapper, 0o755);
    const profile = join(folder, 'home', 'profile');
    mkdirSync(profile, { mode: 0o700 });
    chownSync(profile, userId, userId);
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath: wrapper,
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        `--proxy-pac-url=${access.pacUrl}`,
        `--crash-dumps-dir=${profile}`,
      ],
      env: { ...process.env, HOME: join(folder, 'home'), TMPDIR: join(folder, 'home') } as Record<string, string>,
    });
    try {
      const page = await browser.newPage();
      for (const name of ['orders', 'orders.webshop', http.fullName]) {
        await page.goto(`http://${name}/`);
        expect(await page.textContent('body'), name).toContain('"pod"');
      }
    } finally {
      await browser.close();
    }
  });

  it('keeps another user of the laptop out, whatever he asks', async () => {
    const stranger = as(strangerId, scene.laptop);
    for (const way of [
      ['--proxy', access.socks],
      ['--proxy', access.http],
      ['--proxy', access.http, '--proxytunnel'],
      ['--proxy', access.socks, '--proxy-user', 'slipway:guess'],
    ]) {
      const outcome = await run(stranger, curl(...way, 'http://orders/'));
      expect(outcome.stdout, way.join(' ')).not.toContain('"pod"');
    }
    const path = await run(stranger, curl(`http://127.0.0.1:${access.port}/proxy.pac`));
    expect(path.stdout).not.toContain('FindProxyForURL');
  });

  it('outlives its engine with the same port', async () => {
    await product.signal(['engine'], 'SIGKILL');
    expect(await product.reaches('connected', 20_000)).toBe(true);
    const isBack = async () => (await run(user, curl('--proxy', access.socks, 'http://orders/'))).code === 0;
    expect(await eventually(isBack, 20_000)).toBe(true);
  });

  it('closes the port with the connection, and with the core', async () => {
    const isClosed = async () => (await run(user, ['ss', '-Hltn', `sport = :${access.port}`])).stdout === '';
    expect((await product.slipway(['disconnect'])).stderr).toContain('as it was');
    expect(await isClosed()).toBe(true);
    await product.connect('sandbox', '--proxy', '--namespace', http.namespace, '--base-image', baseImage);
    expect(await isClosed()).toBe(false);
    await product.signal(['core'], 'SIGKILL');
    expect(await eventually(isClosed, 10_000)).toBe(true);
  });
});
