/** What somebody does to the laptop while connected: seen, named, and over when it goes; what is the tunnel's comes back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('the reach check on the laptop', () => {
  let scene: Scene;
  let device = '';
  let services = '';
  const { http } = workload;

  const connection = async () => {
    const { connections } = await scene.product.snapshot();
    return connections.find(({ phase }) => phase !== 'off');
  };
  /** Its degradations: code and cause. */
  const degraded = async () => {
    const now = await connection();
    return now?.phase === 'connected'
      ? now.degraded.map(({ code, cause }) => `${code}: ${cause}`)
      : [`is ${now?.phase}`];
  };
  const isWell = async () => (await degraded()).length === 0;
  const doesAnswer = async () =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '5', `http://${http.fullName}/`], { deadline: 10_000 })).code === 0;
  const inLaptop = (line: string) =>
    must(scene.laptop, ['sh', '-c', line.replaceAll('DEVICE', device).replaceAll('RANGE', services)]);

  async function connect(): Promise<void> {
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    const live = await connection();
    if (live?.phase !== 'connected') {
      throw new Error(`it is ${live?.phase}`);
    }
    device = live.interface;
    services = live.routes.find(({ kind, decision }) => kind === 'services' && decision === 'routed')?.prefix ?? '';
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'reach-laptop');
    await connect();
    await inLaptop('ip tuntap add vpn0 mode tun && ip link set vpn0 up && ip route add default dev vpn0 table 100');
    expect(await eventually(isWell, 30_000)).toBe(true);
  });
  afterAll(async () => {
    await run(scene.laptop, ['ip', 'link', 'del', 'vpn0']);
    await scene.product.end();
    await run(scene.laptop, ['sh', '-c', 'nft delete table ip filter']); // made by iptables
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it.each([
    {
      what: 'a rule before main',
      comes: 'ip rule add to 10.96.0.0/12 lookup 100 pref 5000',
      goes: 'ip rule del pref 5000',
      told: /^route-taken: .* leave by vpn0, because of a rule that comes first: 5000: from all to 10\.96\.0\.0\/12 lookup 100$/m,
    },
    {
      what: 'a rule for the Services',
      comes: 'ip rule add to RANGE lookup 100 pref 5000',
      goes: 'ip rule del pref 5000',
      told: /^route-taken: .*from all to [0-9./]+ lookup 100$/m,
    },
    {
      what: 'a firewall that drops what goes out',
      comes: 'iptables -I OUTPUT -o DEVICE -j DROP',
      goes: 'iptables -D OUTPUT -o DEVICE -j DROP',
      told: /^packets-dropped: a firewall rule for outgoing packets .*: ip filter OUTPUT \(drop, handle \d+\)/m,
    },
    {
      what: 'a firewall that drops what comes in',
      comes: 'iptables -I INPUT -i DEVICE -j DROP',
      goes: 'iptables -D INPUT -i DEVICE -j DROP',
      told: /^packets-dropped: .* come out of .* but answers do not reach programs.*: ip filter INPUT \(drop, handle \d+\)/m,
    },
    {
      what: 'a VPN’s kill switch',
      comes: 'iptables -I OUTPUT ! -o DEVICE -j ACCEPT && iptables -P OUTPUT DROP',
      goes: 'iptables -P OUTPUT ACCEPT && iptables -D OUTPUT ! -o DEVICE -j ACCEPT',
      told: /^packets-dropped: a firewall rule for outgoing packets .*: ip filter OUTPUT \(policy drop\)/m,
    },
  ])('tells of $what, and is well again without it', async ({ comes, goes, told }) => {
    await inLaptop(comes);
    try {
      await expect.poll(async () => (await degraded()).join('\n'), { timeout: 30_000, interval: 100 }).toMatch(told);
      expect(await doesAnswer()).toBe(false);
    } finally {
      await inLaptop(goes);
    }
    await expect.poll(degraded, { timeout: 30_000, interval: 100 }).toEqual([]);
    await expect.poll(doesAnswer, { timeout: 30_000 }).toBe(true);
  });

  it('goes on by other addresses under a VPN’s routes over all of the Services', async () => {
    const servicesAre = async () => {
      const now = await connection();
      return now?.phase === 'connected' ? now.routes.find(({ kind }) => kind === 'services')?.decision : now?.phase;
    };
    await inLaptop('ip route add 10.96.0.0/17 dev vpn0 && ip route add 10.96.128.0/17 dev vpn0');
    try {
      await expect.poll(servicesAre, { timeout: 30_000 }).toBe('mapped');
      await expect.poll(doesAnswer, { timeout: 30_000 }).toBe(true);
      await expect.poll(degraded, { timeout: 30_000, interval: 100 }).toEqual([]);
    } finally {
      await inLaptop('ip route del 10.96.0.0/17 dev vpn0 && ip route del 10.96.128.0/17 dev vpn0');
    }
    await expect.poll(servicesAre, { timeout: 30_000 }).toBe('routed');
    await expect.poll(doesAnswer, { timeout: 30_000 }).toBe(true);
  });

  it.each([
    ['the link goes down', 'ip link set DEVICE down'],
    ['the link goes down and up', 'ip link set DEVICE down && ip link set DEVICE up'],
    ['its routes go', 'ip route flush dev DEVICE'],
    ['its address goes', 'ip address flush dev DEVICE'],
  ])('has it back when %s', async (_, command) => {
    // Whoever takes it for the sixth time within three minutes has meant it, and everything above took it, too.
    await scene.product.end();
    await connect();
    await inLaptop(command);
    await expect.poll(doesAnswer, { timeout: 30_000 }).toBe(true);
    await expect.poll(degraded, { timeout: 30_000, interval: 100 }).toEqual([]);
  });

  it('connects again when somebody deletes the interface', async () => {
    await inLaptop('ip link del DEVICE');
    await expect.poll(async () => (await connection())?.phase, { timeout: 10_000, interval: 20 }).not.toBe('connected');
    await expect.poll(degraded, { timeout: 60_000, interval: 200 }).toEqual([]);
    await expect.poll(doesAnswer, { timeout: 30_000 }).toBe(true);
  });
});
