/**
 * A cluster of IPv6 alone, in a sandbox of the file's own: its API server asked at an address of IPv6 too, and by a laptop that has no IPv4
 * itself. Names, TCP, UDP and ping, and nothing left.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { Product } from './product.ts';
import { must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { sandboxOptions } from './sandbox-options.ts';
import { closeScene, type Flavour, type Scene, setScene, workload } from './scene.ts';

const { http, echo, grpc, baseImage } = workload;

let sandbox: Sandbox;
beforeAll(async () => {
  const laptops = ['plain', 'resolved'] as const;
  sandbox = openSandbox({
    name: `${sandboxOptions.name}-only`,
    nodes: 1,
    ipv6Only: true,
    laptops,
    machineLink: false,
  });
  await sandbox.up();
});
afterAll(async () => {
  if (process.env.SLIPWAY_KEEP_SANDBOX !== '1') await sandbox.down();
});

/** The laptop's addresses of IPv4 and what it has in routes of it, taken away and put back. */
const withoutIPv4 = 'ip -4 -o address show dev eth0 > /run/ipv4; ip -4 address flush dev eth0';
const withIPv4 = (gateway: string) =>
  `ip address add $(sed 's/.* inet \\([^ ]*\\) .*/\\1/' /run/ipv4) brd + dev eth0; ip route add default via ${gateway}; rm /run/ipv4`;

describe.each<[string, Flavour, { server: 'IPv4' | 'IPv6'; hasIPv4: boolean }]>([
  ['resolv.conf, and an API server at an address of IPv6', 'plain', { server: 'IPv6', hasIPv4: true }],
  ['systemd-resolved', 'resolved', { server: 'IPv4', hasIPv4: true }],
  ['no IPv4 on the laptop either', 'plain', { server: 'IPv6', hasIPv4: false }],
])('a cluster of IPv6 alone: %s', (_, flavour, { server, hasIPv4 }) => {
  let scene: Scene;
  let product: Product;
  const inLaptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
  const gateway = async () => (await inLaptop('ip route show default')).split(' ')[2] ?? '';
  let back = '';

  beforeAll(async () => {
    scene = await setScene(flavour, 'ipv6-only', {}, sandbox);
    product = scene.product;
    if (server === 'IPv6') {
      const file = join(product.folder, 'ipv6.kubeconfig');
      const address = sandbox.addresses.ipv6?.apiServer;
      writeFileSync(
        file,
        readFileSync(sandbox.kubeconfig, 'utf8').replace(/server: .*/, `server: https://[${address}]:6443`),
      );
      product = new Product(scene.laptop, product.folder, file);
    }
    if (!hasIPv4) {
      back = withIPv4(await gateway());
      await inLaptop(withoutIPv4);
    }
    await product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
  });
  afterAll(async () => {
    await product.end();
    if (back !== '') {
      await inLaptop(back);
    }
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });

  it('routes its ranges, and nothing else', async () => {
    const { routes, degraded } = await connected(product);
    expect(routes.map(({ prefix, decision }) => `${prefix} ${decision}`)).toEqual([
      'fd02:10:96::/112 routed',
      'fd01:10:244::/64 routed',
    ]);
    expect(degraded).toEqual([]);
  });

  it('reaches Services and pods by name and address', async () => {
    const address = await scene.cluster.serviceAddress(http.namespace, http.service);
    const [pod] = await scene.cluster.pods(http.namespace, http.selector);
    for (const host of [...http.names, `[${address}]`, `[${pod?.status.podIP}]:${http.podPort}`]) {
      expect(await must(scene.laptop, ['curl', '-g', '-sS', '-m', '5', `http://${host}/`]), host).toContain('"pod"');
    }
    expect(await must(scene.laptop, ['probe', 'grpc', `${grpc.name}:${grpc.port}`, 'hello'])).toContain('hello');
    expect(await must(scene.laptop, ['probe', 'udp', `${echo.name}:${echo.port}`, 'datagram'])).toContain('datagram');
    for (const host of [http.fullName, address, pod?.status.podIP ?? '']) {
      expect((await run(scene.laptop, ['ping', '-c', '1', '-W', '5', host])).code, host).toBe(0);
    }
    const closed = await run(scene.laptop, ['curl', '-g', '-sS', '-m', '5', `http://[${pod?.status.podIP}]:9/`]);
    expect(closed.code, closed.stderr).toBe(7); // CURLE_COULDNT_CONNECT
  });

  it('answers AAAA and PTR, and says at once that there is no A', async () => {
    const address = await scene.cluster.serviceAddress(http.namespace, http.service);
    const dig = (...words: string[]) => must(scene.laptop, ['dig', '+tries=1', '+time=5', ...words]);
    expect((await dig('+short', 'AAAA', http.fullName)).trim()).toBe(address);
    expect(await dig('A', http.fullName)).toMatch(/status: NOERROR[\s\S]*ANSWER: 0/);
    expect((await dig('+short', '-x', address)).trim()).toBe(`${http.fullName}.`);
  });
});
