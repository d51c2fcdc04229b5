/** A dual-stack cluster: what IPv4 does, over IPv6, with ordinary programs; in a sandbox of the file's own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../app/contract/index.ts';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { inNodeNetwork } from './node-network.ts';
import type { Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { sandboxOptions } from './sandbox-options.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';
import { productOfTwo } from './two-contexts.ts';

const soon = { timeout: 60_000, interval: 200 };
const podsIPs = 'jsonpath={.items[0].status.podIPs[*].ip}';

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
    addresses.pod = await ipv6Of('-n', 'webshop', 'pods', '-l', 'app=orders', '-o', podsIPs);
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

  it('tells that Services do not answer by IPv6 where IPv4 does, and that it is over', async () => {
    const node = inNodeNetwork(scene, 'node1');
    const agent = await ipv6Of('-n', 'webshop', 'pods', '-l', 'app.kubernetes.io/name=slipway-agent', '-o', podsIPs);
    const lose = (change: 'add' | 'del') =>
      must(node, ['ip', '-6', 'rule', change, 'from', agent, 'pref', '10', 'blackhole']);
    const told = async () =>
      (await connected(scene.product)).degraded.map(({ code, cause }) => `${code}: ${cause}`).join('\n');
    await lose('add');
    try {
      await expect.poll(told, soon).toMatch(/^services-unreachable: \[fd02:.* do not answer, while IPv4 does/m);
      expect(JSON.parse(await curl('-4', 'http://orders-dual/'))).toHaveProperty('pod');
    } finally {
      await lose('del');
    }
    await expect.poll(told, soon).toBe('');
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

/** Ranges that are not routed as they are. What the laptop has at these addresses is an answer of its own, before and after. */
describe('ranges of IPv6 that have other addresses on the laptop', () => {
  let scene: Scene;
  let product: Product;
  let orders = '';
  const { http, echo } = workload;
  const soon = { timeout: 30_000, interval: 200 };
  const far = { name: 'far-six', cidr: '2600:1900:4001:42::/112', address: '2600:1900:4001:42::7' };
  const name = `orders-six.${http.namespace}`;

  const kubectl = (...words: string[]) => scene.cluster.kubectl(words);
  const apply = (manifest: object) => scene.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  const inLaptop = async (...words: string[]) => (await must(scene.laptop, words)).trim();
  const tries = async (...words: string[]) => (await run(scene.laptop, words, { deadline: 15_000 })).code === 0;
  const answers = (host: string) => tries('curl', '-g', '-6', '-sS', '-m', '5', '-o', '/dev/null', `http://${host}/`);
  const addressOf = async (host: string) =>
    (await run(scene.laptop, ['getent', 'ahostsv6', host])).stdout.split(/\s/)[0] ?? '';
  const wayTo = async (address: string) => / dev (\S+)/.exec(await inLaptop('ip', '-6', 'route', 'get', address))?.[1];
  const connect = (context = 'sandbox') =>
    product.connect(context, '--namespace', http.namespace, '--base-image', workload.baseImage);
  const routeOf = async (prefix: string, context = 'sandbox') =>
    (await connected(product, context)).routes.find((route) => route.prefix === prefix);
  /** Everything of it works by its name, and by the address that names tell. */
  async function expectAll(host: string, told: string): Promise<void> {
    expect(await answers(host)).toBe(true);
    expect(await answers(`[${told}]`)).toBe(true);
    expect(await tries('ping', '-6', '-c', '1', '-W', '3', host)).toBe(true);
    expect(await tries('ping', '-6', '-c', '1', '-W', '3', '-s', '4000', host)).toBe(true);
    expect(await inLaptop('dig', '+short', '+time=5', '-x', told)).toContain(host);
    const refused = await run(scene.laptop, ['curl', '-g', '-6', '-sS', '-m', '5', `http://[${told}]:9/`]);
    expect(refused.code, refused.stderr).toBe(7);
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'ipv6-mapped', {}, sandbox);
    product = productOfTwo(scene);
    orders = (
      await kubectl('get', '-n', http.namespace, 'service', 'orders-six', '-o', 'jsonpath={.spec.clusterIP}')
    ).trim();
  });
  afterAll(async () => {
    await product.end();
    await kubectl('delete', '-n', http.namespace, 'service', far.name, '--ignore-not-found');
    await kubectl('delete', 'servicecidr', far.name, '--ignore-not-found', '--wait=false');
    expect(await scene.left()).toEqual([]);
    await closeScene(scene);
  });

  it('public ones: reached by name, and the internet keeps its addresses', async () => {
    const metadata = { name: far.name };
    await apply({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs: [far.cidr] } });
    await kubectl('wait', '--for=condition=Ready', `servicecidr/${far.name}`, '--timeout=60s');
    const ports = [{ port: 80, targetPort: 'http' }];
    const spec = { clusterIP: far.address, ipFamilies: ['IPv6'], selector: { app: http.service }, ports };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, namespace: http.namespace }, spec };
    const isMade = () => apply(service).then(Boolean, () => false);
    expect(await eventually(isMade, soon.timeout, soon.interval)).toBe(true);

    await connect();
    expect(await routeOf(far.cidr)).toMatchObject({ kind: 'services', decision: 'mapped', reason: 'public' });
    const host = `${far.name}.${http.namespace}.svc.cluster.local`;
    await expect.poll(() => answers(host), soon).toBe(true);
    const told = await addressOf(host);
    expect(told).toMatch(/^fd51:1bae:/);
    await expectAll(host, told);
    expect(await inLaptop('ip', '-6', 'route', 'show', 'table', 'all')).not.toContain('2600:');
    expect((await product.slipway(['explain', `[${far.address}]:80`])).stdout).toContain(told);
    expect((await product.slipway(['services', '-n', http.namespace])).stdout).toContain(told);
    await product.disconnect();
  });

  it('one that lies in a network of the laptop: that answers as before, the Services by name', async () => {
    const own = orders.replace(/[^:]*$/, 'ffff');
    await inLaptop(
      'sh',
      '-c',
      `ip link add lan0 type veth peer name lan0far && ip link set lan0far up && ip link set lan0 up && ip address add ${own}/112 dev lan0 nodad`,
    );
    try {
      await connect();
      expect(await routeOf('fd02:10:96::/112')).toMatchObject({ decision: 'mapped', reason: 'own-subnet' });
      await expect.poll(() => answers(name), soon).toBe(true);
      const told = await addressOf(name);
      expect(told).toMatch(/^fd51:1bae:/);
      await expectAll(name, told);
      expect(await wayTo(orders)).toBe('lan0');
      expect(await tries('ping', '-6', '-c', '1', own)).toBe(true);
      // It goes, and the Services have their own addresses again; who has one of before keeps it.
      await inLaptop('ip', 'link', 'delete', 'lan0');
      await expect.poll(async () => (await routeOf('fd02:10:96::/112'))?.decision, soon).toBe('routed');
      await expect.poll(() => addressOf(name), soon).toBe(orders);
      expect(await answers(`[${orders}]`)).toBe(true);
      expect(await answers(`[${told}]`)).toBe(true);
    } finally {
      await run(scene.laptop, ['ip', 'link', 'delete', 'lan0']);
    }
    await product.disconnect();
  });

  it('those of two clusters that are alike: both answer by names of their own', async () => {
    await connect();
    await connect('second');
    const [first, second] = [await connected(product, 'sandbox'), await connected(product, 'second')];
    expect(await routeOf('fd02:10:96::/112')).toMatchObject({ decision: 'routed' });
    for (const prefix of ['fd02:10:96::/112', 'fd01:10:244::/64']) {
      expect(await routeOf(prefix, 'second')).toMatchObject({ decision: 'mapped', reason: 'other-cluster' });
    }
    expect([first.degraded, second.degraded]).toEqual([[], []]);
    for (const [suffix, by] of [
      ['', first],
      ['.second-cluster', second],
    ] as const) {
      const told = await addressOf(`${name}${suffix}`);
      expect(await wayTo(told), `${name}${suffix} at ${told}`).toBe(by.interface);
      expect(await answers(`${name}${suffix}`)).toBe(true);
      expect(await tries('ping', '-6', '-c', '1', '-W', '3', told)).toBe(true);
      const said = await inLaptop('probe', 'udp', `echo-six.infra${suffix}:${echo.port}`, 'hello');
      expect(said).toContain('hello');
    }
    await product.slipway(['disconnect', 'sandbox']);
    await expect.poll(async () => (await routeOf('fd02:10:96::/112', 'second'))?.decision, soon).toBe('routed');
    await expect.poll(() => addressOf(name), soon).toBe(orders);
    expect((await product.disconnect()).code).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
  });

  it('is carried by a proxy, by name and by address, mapped ranges too', async () => {
    await product.connect('sandbox', '--proxy', '--namespace', http.namespace, '--base-image', workload.baseImage);
    const told = JSON.parse((await product.slipway(['proxy', '-o', 'json'])).stdout) as Record<
      'socks' | 'http',
      string
    >;
    for (const host of ['orders-six', `${name}.svc.cluster.local`, `[${orders}]`, far.name, `[${far.address}]`]) {
      for (const way of [
        ['--proxy', told.socks],
        ['--proxy', told.http, '--proxytunnel'],
        ['--proxy', told.http],
      ]) {
        const said = await must(scene.laptop, ['curl', '-g', '-sS', '-m', '5', ...way, `http://${host}/`]);
        expect(said, `${host} by ${way.join(' ')}`).toContain('"pod"');
      }
    }
    await product.disconnect();
    expect(await scene.unchanged()).toEqual([]);
  });

  it('is reached inside `slipway run`', async () => {
    const lines = [
      'set -e',
      `curl -6 -sS -m 5 http://${name}/`,
      `curl -g -sS -m 5 "http://[${orders}]/"`,
      `curl -6 -sS -m 5 http://${far.name}/`,
      `ping -6 -c 1 -W 3 ${name}`,
    ];
    const words = ['--context', 'sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage];
    const shell = ['sh', '-c', lines.join('\n')];
    const outcome = await product.slipway(['run', ...words, '--', ...shell], { deadline: 60_000 });
    expect(outcome.code, outcome.stderr + outcome.stdout).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
  });
});
