/** A dual-stack cluster: what IPv4 does, over IPv6, with ordinary programs; in a sandbox of the file's own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../app/contract/index.ts';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { must, run } from './programs.ts';
import { sandboxOptions } from './sandbox-options.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = openSandbox({
    name: `${sandboxOptions.name}-six`,
    nodes: 1,
    dualStack: true,
    laptops: ['plain', 'resolved'],
    machineLink: false,
  });
  await sandbox.up();
});
afterAll(async () => {
  if (process.env.SLIPWAY_KEEP_SANDBOX !== '1') await sandbox.down();
});

describe.each(['plain', 'resolved'] as const)('a laptop (%s) in a dual-stack cluster', (flavour) => {
  let scene: Scene;
  const addresses = { pod: '', six: '', dual: '', echo: '' };

  const ipv6Of = async (...what: string[]) => {
    const found = await sandbox.cluster().kubectl(['get', ...what]);
    return found.split(' ').find((address) => address.includes(':')) ?? expect.fail(`${what} has no IPv6: ${found}`);
  };
  const service = (namespace: string, name: string) =>
    ipv6Of('-n', namespace, 'service', name, '-o', 'jsonpath={.spec.clusterIPs[*]}');
  const curl = (...args: string[]) => must(scene.laptop, ['curl', '-g', '-sS', '-m', '5', '--noproxy', '*', ...args]);
  const dig = async (...args: string[]) => (await must(scene.laptop, ['dig', '+tries=1', '+time=5', ...args])).trim();
  const interfaces = () => must(scene.laptop, ['ip', '-6', '-o', 'address']);

  beforeAll(async () => {
    scene = await setScene(flavour, `ipv6-${flavour}`, {}, sandbox);
    addresses.pod = await ipv6Of(
      '-n',
      'webshop',
      'pods',
      '-l',
      'app=orders',
      '-o',
      'jsonpath={.items[0].status.podIPs[*].ip}',
    );
    addresses.six = await service('webshop', 'orders-six');
    addresses.dual = await service('webshop', 'orders-dual');
    addresses.echo = await service('infra', 'echo-six');
  });
  afterAll(() => closeScene(scene));

  it('answers nothing of it before, and connects', async () => {
    const before = await run(scene.laptop, ['curl', '-g', '-sS', '-m', '2', `http://[${addresses.six}]/`]);
    expect(before.code).not.toBe(0);
    await scene.product.connect('sandbox', '--namespace', 'webshop', '--base-image', workload.baseImage);
    const status = await scene.product.slipway(['status', '-o', 'json']);
    const [connection] = (JSON.parse(status.stdout) as Snapshot).connections;
    if (connection?.phase !== 'connected') expect.fail(status.stdout);
    const routes = connection.routes.map(({ prefix, decision }) => `${prefix} ${decision}`);
    expect(routes).toEqual(
      expect.arrayContaining(['10.96.0.0/16 routed', 'fd02:10:96::/112 routed', 'fd01:10:244::/64 routed']),
    );
  });

  it('reaches Services and pods over both families', async () => {
    for (const name of ['orders-dual', 'orders-dual.webshop.svc.cluster.local']) {
      for (const family of ['-6', '-4'])
        expect(JSON.parse(await curl(family, `http://${name}/`))).toHaveProperty('pod');
    }
    for (const host of [
      'orders-six',
      `[${addresses.six}]`,
      `[${addresses.dual}]`,
      `[${addresses.pod}]:8080`,
      'orders',
    ]) {
      expect(JSON.parse(await curl(`http://${host}/`)), host).toHaveProperty('pod');
    }
    const ledger = JSON.parse(await curl('-6', 'http://ledger-dual.webshop:8080/')) as { pod: string };
    expect(ledger.pod).toMatch(/^ledger-/);
  });

  it('carries large downloads, TCP and UDP', async () => {
    expect(await must(scene.laptop, ['probe', 'tcp', 'echo-six.infra:7000', 'hello'])).toContain('hello');
    expect(await must(scene.laptop, ['probe', 'udp', 'echo-six.infra:7000', 'hello'])).toContain('hello');
    expect(await must(scene.laptop, ['probe', 'udp', `[${addresses.echo}]:7000`, 'x'.repeat(4000)])).toContain('xxx');
  });

  it('pings pods, and Services by what is behind them, large packets too', async () => {
    for (const address of [addresses.pod, addresses.six, 'orders-six.webshop']) {
      expect(await must(scene.laptop, ['ping', '-6', '-c', '2', '-W', '5', address])).toContain(' 0% packet loss');
    }
    expect(await must(scene.laptop, ['ping', '-6', '-c', '1', '-W', '5', '-s', '4000', addresses.pod])).toContain(
      '4008 bytes',
    );
  });

  it('refuses what the cluster refuses, at once', async () => {
    const closed = await run(scene.laptop, ['curl', '-g', '-sS', '-m', '5', `http://[${addresses.pod}]:9/`]);
    expect(closed.code, closed.stderr).toBe(7);
  });

  it('answers AAAA and PTR, and NODATA where a name has no IPv6', async () => {
    const [dual, four] = ['orders-dual', 'orders'].map((name) => `${name}.webshop.svc.cluster.local`);
    expect(await dig('+short', 'AAAA', `${dual}`)).toBe(addresses.dual);
    expect(await dig('+short', 'A', `${dual}`)).toMatch(/^10\.96\./);
    expect(await dig('AAAA', `${four}`)).toMatch(/status: NOERROR[\s\S]*ANSWER: 0/);
    expect(await dig('+short', '-x', addresses.dual)).toBe(`${dual}.`);
  });

  it('has an address of IPv6 for the tunnel while it needs one, and leaves nothing', async () => {
    expect(await interfaces()).toMatch(/slipway\d+ +inet6 fd34:8a0f:448:/);
    await scene.product.slipway(['disconnect']);
    expect(await interfaces()).not.toContain('slipway');
    await scene.product.end();
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });
});
