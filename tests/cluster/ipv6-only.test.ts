/**
 * A cluster of IPv6 alone, in a sandbox of the file's own: its API server asked at an address of IPv6 too, and by a laptop that has no IPv4
 * itself. Names, TCP, UDP and ping, and nothing left; a nameserver, another network, a VPN and kills on a laptop without IPv4.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { HeldConnection } from './held-connection.ts';
import { setRecovery, settle } from './kills.ts';
import { differences, type LaptopSnapshot, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { allProcesses, type ProcessKind, Product, signalAll } from './product.ts';
import { eventually, must, run } from './programs.ts';
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

/** Slipway with a kubeconfig that has the API server's address of IPv6. */
function productAtIPv6(scene: Scene): Product {
  const file = join(scene.product.folder, 'ipv6.kubeconfig');
  const server = `server: https://[${sandbox.addresses.ipv6?.apiServer}]:6443`;
  writeFileSync(file, readFileSync(sandbox.kubeconfig, 'utf8').replace(/server: .*/, server));
  return new Product(scene.laptop, scene.product.folder, file);
}

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
      product = productAtIPv6(scene);
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
    const { headless, multiPort } = workload;
    const pods = await scene.cluster.pods(headless.namespace, headless.selector);
    const told = async (name: string) => (await dig('+short', 'AAAA', name)).trim().split('\n').sort();
    const own = `${headless.service}.${headless.namespace}`;
    expect(await told(`${own}.svc.cluster.local`)).toEqual(pods.map(({ status }) => status.podIP).sort());
    const first = pods.find(({ metadata }) => metadata.name === `${headless.service}-0`);
    expect(await told(`${headless.service}-0.${own}.svc.cluster.local`)).toEqual([first?.status.podIP]);
    const service = `${multiPort.service}.${multiPort.namespace}.svc.cluster.local`;
    expect(await dig('+short', 'SRV', `_${multiPort.portName}._tcp.${service}`)).toContain(service);
  });

  it('carries large transfers unchanged, and many connections', async () => {
    const url = `http://${workload.blob.name}:${workload.blob.port}/blob`;
    const bytes = 100 << 20;
    const there = (await must(scene.laptop, ['curl', '-sS', '-m', '20', `${url}?bytes=${bytes}&sum=1`])).trim();
    const download = `set -o pipefail; curl -sS -m 30 '${url}?bytes=${bytes}' | sha256sum`;
    expect((await must(scene.laptop, ['bash', '-c', download], { deadline: 35_000 })).split(' ')[0]).toBe(there);
    const file = join(product.folder, 'upload');
    const upload = `head -c ${bytes} /dev/urandom > ${file} && sha256sum < ${file} && curl -sS -m 30 -T ${file} '${url}'; rm -f ${file}`;
    const [sum = 'none', said = ''] = (await must(scene.laptop, ['bash', '-c', upload], { deadline: 35_000 })).split(
      '\n',
    );
    expect(said).toContain(sum.split(' ')[0]);
    const many = `for i in $(seq 100); do probe tcp ${echo.name}:${echo.port} connection-$i & done; wait`;
    const lines = (await must(scene.laptop, ['bash', '-c', many], { deadline: 60_000 })).trim().split('\n');
    expect(new Set(lines).size).toBe(100);
  });
});

/** The one nameserver of a laptop, in the ways of either resolver; link-local ones are named with their interface. */
const setNameserver = (flavour: Flavour, address: string) =>
  flavour === 'plain'
    ? `printf 'nameserver %s\\n' '${address}' > /etc/resolv.conf`
    : `resolvectl dns eth0 '${address.replace(/%.*/, '')}'`;

describe.each<Flavour>(['plain', 'resolved'])('a laptop (%s) without IPv4 while it is connected', (flavour) => {
  let scene: Scene;
  let product: Product;
  let before: LaptopSnapshot;
  let back = '';
  const soon = { timeout: 30_000, interval: 200 };
  const services = 'fd02:10:96::/112';
  const stranger = 'fd02:10:96::dead';
  const inLaptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
  const tries = async (...words: string[]) => (await run(scene.laptop, words, { deadline: 15_000 })).code === 0;
  const answers = (host: string) => tries('curl', '-g', '-sS', '-m', '5', '-o', '/dev/null', `http://${host}/`);
  const wayTo = async (address: string) => / dev (\S+)/.exec(await inLaptop(`ip -6 route get ${address}`))?.[1];
  const routeOf = async (prefix: string) => (await connected(product)).routes.find((route) => route.prefix === prefix);
  const connect = () => product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
  const outside = async () => (await inLaptop('dig +short +tries=1 +time=5 www.example.test')).trim();
  /** Core and helper wait some seconds for the next. */
  const changed = async (except: readonly string[] = ['processes', 'sockets']) =>
    differences(before, await takeLaptopSnapshot(scene.laptop, scene.laptop.holder), except);

  beforeAll(async () => {
    scene = await setScene(flavour, 'ipv6-alone', { SLIPWAY_AGENT_IDLE_SECONDS: '15' }, sandbox);
    product = productAtIPv6(scene);
    setRecovery(scene, false);
    const gateway = (await inLaptop('ip route show default')).split(' ')[2] ?? '';
    back = `${withIPv4(gateway)}; ${setNameserver(flavour, sandbox.addresses.resolver)}`;
    const { resolver = '', localResolver = '' } = sandbox.addresses.ipv6 ?? {};
    await inLaptop(withoutIPv4);
    await inLaptop(setNameserver(flavour, flavour === 'plain' ? resolver : `${localResolver}%eth0`));
    before = await takeLaptopSnapshot(scene.laptop, scene.laptop.holder);
  });
  afterAll(async () => {
    await product.end();
    await eventually(async () => (await changed([])).length === 0, soon.timeout);
    const left = await changed([]);
    await inLaptop(back);
    await closeScene(scene);
    expect(left).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });

  it('keeps outside names by a nameserver at an address of IPv6, also one of the link', async () => {
    expect(await outside()).toBe(workload.outside['www.example.test']);
    await connect();
    expect((await connected(product)).degraded).toEqual([]);
    expect(await outside()).toBe(workload.outside['www.example.test']);
    expect(await answers(http.fullName)).toBe(true);
    if (flavour === 'plain') {
      await inLaptop(setNameserver(flavour, `${sandbox.addresses.ipv6?.localResolver}%eth0`));
      await expect.poll(async () => (await connected(product)).names.upstreams, soon).toEqual(['fe80::53%eth0']);
      expect(await outside()).toBe(workload.outside['www.example.test']);
      expect(await answers(http.fullName)).toBe(true);
      await inLaptop(setNameserver(flavour, sandbox.addresses.ipv6?.resolver ?? ''));
    }
    await product.disconnect();
    await expect.poll(outside, soon).toBe(workload.outside['www.example.test']);
    await expect.poll(() => changed(), soon).toEqual([]);
  });

  it('goes to another address of IPv6, asleep too, and what is open lives on', async () => {
    await connect();
    const held = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '200ms');
    const own = sandbox.addresses.ipv6?.laptops[flavour] ?? '';
    const moved = own.replace(/::(.*)$/, '::ffff:$1'); // no other laptop's: the LAN would know that one by another link
    const gateway = sandbox.addresses.ipv6?.gateway;
    const move = (from: string, to: string) =>
      inLaptop(
        [
          `ip address add ${to}/64 dev eth0 nodad`,
          `ip address delete ${from}/64 dev eth0`,
          `ip -6 route replace default via ${gateway} dev eth0`,
        ].join('\n'),
      );
    try {
      await expect.poll(() => held.echoes, soon).toBeGreaterThan(1);
      for (const [from, to, sleeps] of [
        [own, moved, false],
        [moved, own, true],
      ] as const) {
        const stopped = sleeps ? await product.signal(allProcesses, 'SIGSTOP') : [];
        try {
          await move(from, to);
          await new Promise((resolve) => setTimeout(resolve, sleeps ? 8000 : 0)); // longer than a lane may be silent
        } finally {
          signalAll(stopped, 'SIGCONT');
        }
        await expect.poll(() => answers(http.fullName), soon).toBe(true);
        expect(await held.goesOn(20_000), held.output.slice(-200)).toBe(true);
        await expect.poll(async () => (await connected(product)).degraded, soon).toEqual([]);
      }
    } finally {
      held.end();
    }
    await product.disconnect();
    await expect.poll(() => changed(), soon).toEqual([]);
  });

  it('is connected again where its agent is gone, and what was open is reset', async () => {
    await connect();
    const held = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '200ms');
    try {
      await expect.poll(() => held.echoes, soon).toBeGreaterThan(1);
      const { namespace, pod } = (await connected(product)).agent;
      await scene.cluster.kubectl(['delete', 'pod', '-n', namespace, pod, '--force', '--grace-period=0']);
      await expect.poll(async () => (await connected(product)).agent.pod, soon).not.toBe(pod);
      await expect.poll(() => answers(http.fullName), soon).toBe(true);
      await expect.poll(() => held.output, soon).toContain('broken reset');
    } finally {
      held.end();
    }
    await product.disconnect();
    await expect.poll(() => changed(), soon).toEqual([]);
  });

  it('takes the hosts of the cluster alone where a VPN has all of fd00::/8, and follows both', async () => {
    const orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    await inLaptop(
      'ip link add vpn0 type veth peer name vpn0far && ip link set vpn0far up && ip link set vpn0 up && ip -6 route add fd00::/8 dev vpn0',
    );
    try {
      await connect();
      expect(await routeOf(services)).toMatchObject({ decision: 'narrowed', conflict: 'fd00::/8', interface: 'vpn0' });
      await expect.poll(() => answers(http.fullName), soon).toBe(true);
      expect(await answers(`[${orders}]`)).toBe(true);
      expect(await wayTo(stranger)).toBe('vpn0');
      // It goes, comes back, and then has one host of the range alone.
      await inLaptop('ip -6 route delete fd00::/8 dev vpn0');
      await expect.poll(async () => (await routeOf(services))?.decision, soon).toBe('routed');
      expect(await wayTo(stranger)).not.toBe('vpn0');
      await inLaptop('ip -6 route add fd00::/8 dev vpn0');
      await expect.poll(async () => (await routeOf(services))?.decision, soon).toBe('narrowed');
      await expect.poll(() => answers(`[${orders}]`), soon).toBe(true);
      await inLaptop(`ip -6 route delete fd00::/8 dev vpn0; ip -6 route add ${stranger}/128 dev vpn0`);
      await expect
        .poll(() => routeOf(services), soon)
        .toMatchObject({ decision: 'cut', cuts: [{ prefix: `${stranger}/128`, interface: 'vpn0' }] });
      expect(await wayTo(stranger)).toBe('vpn0');
      expect(await answers(`[${orders}]`)).toBe(true);
    } finally {
      await inLaptop('ip link delete vpn0');
    }
    await expect.poll(async () => (await routeOf(services))?.decision, soon).toBe('routed');
    await product.disconnect();
    await expect.poll(() => changed(), soon).toEqual([]);
  });

  const victims: readonly [string, readonly ProcessKind[]][] = [
    ['all', ['core', 'engine', 'helper']],
    ['the helper', ['helper']],
    ['the engine', ['engine']],
    ['the core', ['core']],
  ];
  it.each(flavour === 'plain' ? victims : victims.slice(0, 2))('is as it was after kill -9 of %s', async (_, kinds) => {
    await connect();
    await product.signal(kinds, 'SIGKILL');
    expect(await settle(scene)).toBe('');
    await product.end();
    await expect.poll(() => changed(['processes', 'sockets']), soon).toEqual([]);
  });
});
