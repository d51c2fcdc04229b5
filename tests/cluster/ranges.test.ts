/**
 * Networks of the laptop that the cluster's ranges lie in, or that lie in them: connected all the same, and what answered
 * before answers afterwards.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const soon = { timeout: 30_000, interval: 200 };

describe('ranges of the laptop and of the cluster', () => {
  let scene: Scene;
  let orders = '';
  const { http } = workload;
  /** Hosts of the VPN's and of a LAN's among the cluster's Services, where it gives no address by itself (KEP-3070). */
  const vpnHost = '10.96.0.77';
  const lanHost = '10.96.0.200';

  const inLaptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
  const tries = async (...words: string[]) => (await run(scene.laptop, words, { deadline: 15_000 })).code === 0;
  const answers = (host: string) => tries('curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${host}/`);
  const pings = (host: string) => tries('ping', '-c', '1', '-W', '3', host);
  /** Through which interface the kernel sends what goes there. */
  const way = async (address: string) => / dev (\S+)/.exec((await inLaptop(`ip route get ${address}`)).toString())?.[1];
  const live = async () => {
    const { connections } = await scene.product.snapshot();
    const connection = connections.find(({ phase }) => phase !== 'off');
    if (connection?.phase !== 'connected') {
      throw new Error(`it is ${connection?.phase}`);
    }
    return connection;
  };
  const servicesRoute = async () => (await live()).routes.find(({ kind }) => kind === 'services');
  const decision = async () => (await servicesRoute())?.decision;
  const codes = async () => (await live()).degraded.map(({ code }) => code);
  const connect = () =>
    scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);

  /** A network whose one host answers: the far end of a pair, in a namespace that ends with it. */
  async function makeNetwork(name: string, own: string, host: string): Promise<void> {
    await inLaptop(
      [
        `ip link add ${name} type veth peer name ${name}far`,
        `unshare --net sleep 900 >/dev/null 2>&1 & echo $! > /run/${name}.pid`,
        'sleep 0.3',
        `ip link set ${name}far netns $(cat /run/${name}.pid)`,
        `ip address add ${own} dev ${name} && ip link set ${name} up`,
        `nsenter --net=/proc/$(cat /run/${name}.pid)/ns/net sh -c 'ip link set lo up; ip link set ${name}far up; ip address add ${host}/32 dev ${name}far; ip route add default dev ${name}far'`,
      ].join('\n'),
    );
  }
  const endNetwork = (name: string) =>
    run(scene.laptop, ['sh', '-c', `ip link delete ${name}; kill $(cat /run/${name}.pid); rm -f /run/${name}.pid`]);

  /** Another Service of the same pods. It answers with its name. */
  async function makeService(what: string, clusterIP?: string): Promise<string> {
    const name = `${what}-${process.pid}`;
    const spec = { clusterIP, selector: { app: http.service }, ports: [{ port: 80, targetPort: 'http' }] };
    const manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: http.namespace }, spec };
    await scene.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
    return name;
  }

  const makeVpn = async () => {
    await makeNetwork('vpn0', '172.30.9.2/32', vpnHost);
    await inLaptop('ip route add 10.0.0.0/8 dev vpn0');
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'ranges');
    orders = await scene.cluster.serviceAddress(http.namespace, http.service);
  });
  afterEach(async () => {
    await scene.product.disconnect();
    for (const name of ['vpn0', 'lan0']) {
      await endNetwork(name);
    }
    await run(scene.laptop, ['ip', 'link', 'delete', 'br-late']);
  });
  afterAll(async () => {
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it('connects beside a VPN that has all of 10.0.0.0/8, takes the hosts of the cluster alone, and follows both', async () => {
    await makeVpn();
    expect(await pings(vpnHost)).toBe(true);
    await connect();
    expect(await servicesRoute()).toMatchObject({ decision: 'narrowed', conflict: '10.0.0.0/8', interface: 'vpn0' });
    expect(await codes()).toEqual([]);
    await expect.poll(() => answers(http.fullName), soon).toBe(true); // once the catalogue is there
    expect(await answers(orders)).toBe(true);
    expect(await pings(vpnHost)).toBe(true);
    expect(await way('10.96.0.99')).toBe('vpn0');
    const status = await scene.product.slipway(['status']);
    expect(status.stdout).toMatch(/in part +10\.96\.0\.0\/16 to \d+ addresses; vpn0 keeps the rest of 10\.0\.0\.0\/8/);

    const name = await makeService('late');
    try {
      const late = await scene.cluster.serviceAddress(http.namespace, name);
      await expect.poll(() => answers(late), soon).toBe(true);
      await scene.cluster.kubectl(['--namespace', http.namespace, 'delete', 'service', name]);
      await expect.poll(() => way(late), soon).toBe('vpn0');
    } finally {
      await scene.cluster.kubectl(['--namespace', http.namespace, 'delete', 'service', name, '--ignore-not-found']);
    }
    await endNetwork('vpn0');
    await expect.poll(decision, soon).toBe('routed');
    expect(await answers(orders)).toBe(true);
  });

  it('has its own ends beside who has their space: a proxy that gives names addresses out of 198.18.0.0/16', async () => {
    await makeNetwork('vpn0', '198.18.0.1/16', '198.18.0.7');
    const answersAll = async () =>
      (await answers(http.fullName)) && (await answers(orders)) && (await pings('198.18.0.7'));
    await connect();
    expect(await answersAll()).toBe(true);
    expect(await codes()).toEqual([]);
    // It goes and comes while connected.
    await endNetwork('vpn0');
    expect(await answers(http.fullName)).toBe(true);
    await makeNetwork('vpn0', '198.18.0.1/16', '198.18.0.7');
    await inLaptop('ip route add 198.18.0.0/15 dev vpn0');
    await expect.poll(answersAll, soon).toBe(true);
    expect(await codes()).toEqual([]);
  });

  it('reaches both beside a VPN that leads everything into a table of its own, as tailscale’s exit node does', async () => {
    await makeNetwork('vpn0', '172.30.9.2/32', '203.0.113.77');
    const lan = (await inLaptop('ip -o route show dev eth0 proto kernel')).split(' ')[0];
    const rules = await inLaptop('ip rule');
    const answersAll = async () => (await answers(orders)) && (await answers(http.fullName)) && (await pings(orders));
    try {
      await inLaptop(
        `ip route add throw ${lan} table 52; ip route add default dev vpn0 table 52; ip rule add lookup 52 pref 5270`,
      );
      await connect();
      expect(await servicesRoute()).toMatchObject({ decision: 'routed', reason: 'rule', interface: 'vpn0' });
      expect(await codes()).toEqual([]);
      await expect.poll(answersAll, soon).toBe(true);
      expect(await pings('203.0.113.77')).toBe(true);
      const { stdout } = await scene.product.slipway(['status', '-o', 'wide']);
      expect(stdout).toContain('looked up before the rule 5270: from all lookup 52');
    } finally {
      await inLaptop('ip rule del pref 5270; ip route flush table 52');
    }
    await expect.poll(async () => (await servicesRoute())?.reason, soon).toBe('');
    expect(await inLaptop('ip rule')).toBe(rules);
    expect(await answersAll()).toBe(true);
  });

  it.each([
    ['wider than the range', '10.96.0.0/12', 'narrowed'],
    ['as wide as the range', '10.96.0.0/16', 'narrowed'],
    ['to one host in the range', `${vpnHost}/32`, 'cut'],
  ])('reaches both beside a route of a VPN that is %s', async (_, route, expected) => {
    await makeNetwork('vpn0', '172.30.9.2/32', vpnHost);
    await inLaptop(`ip route add ${route} dev vpn0`);
    expect(await pings(vpnHost)).toBe(true);
    await connect();
    expect(await decision()).toBe(expected);
    await expect.poll(() => answers(http.fullName), soon).toBe(true);
    expect(await answers(orders)).toBe(true);
    expect(await pings(vpnHost)).toBe(true);
    expect(await codes()).toEqual([]);
  });

  it('leaves the gateway, the nameserver, the API server and a bridge of virtual machines where they are', async () => {
    const gateway = /via (\S+)/.exec((await inLaptop('ip route show default')).toString())?.[1] ?? '';
    const server = /server: https:\/\/([\d.]+)/.exec(readFileSync(scene.sandbox.kubeconfig, 'utf8'))?.[1] ?? '';
    const resolver = /^nameserver (\S+)/m.exec((await inLaptop('cat /etc/resolv.conf')).toString())?.[1] ?? '';
    const machine = '192.168.122.77';
    await makeNetwork('lan0', '192.168.122.1/24', machine); // as libvirt has it
    const snapshot = async () => ({
      ...{ gateway: await pings(gateway), machine: await pings(machine) },
      server: await tries('curl', '-sk', '-m', '5', `https://${server}:6443/readyz`),
      resolver: await tries('dig', '+time=3', '+tries=1', `@${resolver}`, 'version.bind', 'CH', 'TXT'),
    });
    const before = await snapshot();
    expect(before).toEqual({ gateway: true, machine: true, server: true, resolver: true });
    const ranges = ['192.168.0.0/16', server.replace(/\.\d+\.\d+$/, '.0.0/16')];
    const set = async (verb: string) => {
      for (const range of ranges) {
        await scene.product.slipway(['settings', verb, 'extraRanges', range]);
      }
    };
    try {
      await set('add');
      await connect();
      const { routes } = await live();
      const cuts = routes
        .filter(({ kind }) => kind === 'extra')
        .map((route) => [route.decision, route.cuts?.[0]?.prefix]);
      expect(cuts).toEqual(
        expect.arrayContaining([
          ['cut', '192.168.122.0/24'],
          ['cut', expect.any(String)],
        ]),
      );
      expect(await snapshot()).toEqual(before);
      expect(await answers(http.fullName)).toBe(true);
      expect(await answers(orders)).toBe(true);
      expect(await codes()).toEqual([]);
    } finally {
      await set('remove');
    }
  });

  it('maps past the addresses of Tailscale, which has a table and a rule of its own', async () => {
    const peer = '100.127.3.4';
    await makeNetwork('vpn0', '100.100.0.2/32', peer);
    await inLaptop('ip route add 100.64.0.0/10 dev vpn0 table 52 && ip rule add pref 5270 lookup 52');
    const set = (verb: string, range: string) =>
      scene.product.slipway(['settings', verb, 'mappedRanges', range, '--context', 'sandbox']);
    try {
      expect(await pings(peer)).toBe(true);
      await set('add', '10.96.0.0/16');
      await set('add', '10.244.0.0/16');
      await connect();
      await expect.poll(() => answers(http.fullName), soon).toBe(true);
      const headless = `${workload.headless.service}.${workload.headless.namespace}.svc.cluster.local`;
      expect(await pings(headless)).toBe(true);
      const virtuals = (await live()).routes.map(({ virtual }) => virtual ?? '');
      expect(virtuals.filter((virtual) => virtual.startsWith('100.'))).toEqual([]);
      expect(await pings(peer)).toBe(true);
      expect(await codes()).toEqual([]);
    } finally {
      await run(scene.laptop, ['sh', '-c', 'ip rule delete pref 5270; ip route flush table 52']);
      await set('remove', '10.96.0.0/16');
      await set('remove', '10.244.0.0/16');
    }
  });

  it('lets a connection live through a VPN that comes and goes', async () => {
    await connect();
    expect(await decision()).toBe('routed');
    const device = (await live()).interface;
    // A request that is begun before and ended after.
    const slow = inLaptop(
      `bash -c 'exec 3<>/dev/tcp/${orders}/80; printf "GET / HTTP/1.0\\r\\nHost: orders\\r\\n" >&3; until [ -e /run/ranges.go ]; do sleep 0.1; done; printf "\\r\\n" >&3; head -c 12 <&3'`,
    );
    try {
      await expect.poll(async () => (await inLaptop('ss -tn')).toString(), soon).toContain(`${orders}:80`);
      await makeVpn();
      await expect.poll(decision, soon).toBe('narrowed');
      expect(await way(orders)).toBe(device);
      expect(await pings(vpnHost)).toBe(true);
      expect(await answers(http.fullName)).toBe(true);
      await endNetwork('vpn0');
      await expect.poll(decision, soon).toBe('routed');
    } finally {
      await inLaptop('touch /run/ranges.go');
    }
    expect((await slow).toString()).toMatch(/^HTTP\/1\.[01] 200/);
    await inLaptop('rm /run/ranges.go');
    expect(await codes()).toEqual([]);
  });

  it('leaves a LAN inside the range of the Services where it is, and reaches its Services by their names', async () => {
    await makeNetwork('lan0', '10.96.0.193/26', lanHost);
    expect(await pings(lanHost)).toBe(true);
    await connect();
    expect(await servicesRoute()).toMatchObject({
      ...{ decision: 'cut', reason: 'own-subnet', conflict: '10.96.0.192/26', interface: 'lan0' },
      cuts: [{ prefix: '10.96.0.192/26', interface: 'lan0', virtual: '198.19.0.0/26' }],
    });
    expect(await pings(lanHost)).toBe(true);
    expect(await answers(http.fullName)).toBe(true);
    expect(await answers(orders)).toBe(true);
    expect(await codes()).toEqual([]);

    const name = await makeService('hidden', '10.96.0.210');
    const fullName = `${name}.${http.namespace}.svc.cluster.local`;
    try {
      await expect.poll(() => answers(fullName), soon).toBe(true);
      expect((await inLaptop(`getent ahostsv4 ${fullName}`)).toString()).toMatch(/^198\.19\.0\.18 /);
      expect((await inLaptop('getent hosts 198.19.0.18')).toString()).toContain(fullName);
      expect(await pings(fullName)).toBe(true);
      expect((await inLaptop(`dig +short +time=5 ${fullName}`)).toString().trim()).toBe('198.19.0.18');
      expect(await codes()).toEqual([]);
      const status = await scene.product.slipway(['status']);
      expect(status.stdout).toMatch(
        /in part +10\.96\.0\.0\/16 without 10\.96\.0\.192\/26 on lan0, by 198\.19\.0\.0\/26$/m,
      );
      for (const target of [`${fullName}:80`, '198.19.0.18:80']) {
        const explained = await scene.product.slipway(['explain', target]);
        expect(explained.stdout).toContain('198.19.0.18 stands for 10.96.0.210');
        expect(explained.stdout).toContain('HTTP/1.1 200 OK');
      }
      const listed = await scene.product.slipway(['services', '--context', 'sandbox', '--namespace', http.namespace]);
      expect(listed.stdout).toMatch(
        new RegExp(`${name} +ClusterIP +198\\.19\\.0\\.18 \\(10\\.96\\.0\\.210 in the cluster\\)`),
      );
      expect(await way('10.96.0.210')).toBe('lan0');
      expect(await pings(lanHost)).toBe(true);
    } finally {
      await scene.cluster.kubectl(['--namespace', http.namespace, 'delete', 'service', name]);
    }
  });

  it('maps what the user says, wholly, for ordinary programs', async () => {
    const set = (verb: string, range: string) =>
      scene.product.slipway(['settings', verb, 'mappedRanges', range, '--context', 'sandbox']);
    // Class E and public ranges are, without a word.
    const byKind = ['240.44.0.0/16', '34.118.224.0/20'];
    const setKinds = async (verb: string) => {
      for (const range of byKind) {
        await scene.product.slipway(['settings', verb, 'extraRanges', range]);
      }
    };
    try {
      await setKinds('add');
      await set('add', '10.96.0.0/16');
      await set('add', '10.244.0.0/16');
      await connect();
      const connected = await live();
      expect(new Set(connected.routes.map(({ decision }) => decision))).toEqual(new Set(['mapped']));
      const routed = (await inLaptop('ip route show table all dev slipway0')).toString();
      const status = await scene.product.slipway(['status']);
      expect(status.stdout).toMatch(/mapped +10\.96\.0\.0\/16 by the addresses of 198\.19\.0\.0\/16$/m);
      const wide = await scene.product.slipway(['status', '-o', 'wide']);
      for (const { prefix, virtual = '' } of connected.routes) {
        expect(wide.stdout).toMatch(new RegExp(`${prefix} mapped to ${virtual}`));
        expect(routed).toContain(virtual);
        expect(routed).not.toContain(prefix);
      }
      expect(connected.routes.map(({ prefix }) => prefix)).toEqual(expect.arrayContaining(byKind));
      const known = (await inLaptop(`getent ahostsv4 ${http.fullName}`)).toString().split(' ')[0] ?? '';
      expect(known).toMatch(/^198\.19\.|^100\./);
      expect(await answers(http.fullName)).toBe(true);
      expect(await answers(known)).toBe(true);
      expect(await answers(orders)).toBe(false);
      expect(await pings(http.fullName)).toBe(true);
      expect((await inLaptop(`dig +short +time=5 -x ${known}`)).toString().trim()).toBe(`${http.fullName}.`);
      const headless = `${workload.headless.service}.${workload.headless.namespace}.svc.cluster.local`;
      const pods = (await inLaptop(`getent ahostsv4 ${headless}`)).toString();
      expect(pods).toMatch(/^(198\.19|100)\./);
      expect(await pings(headless)).toBe(true);
      // A datagram that the tunnel carries in fragments.
      const { name, port } = workload.echo;
      const sent = `head -c 3000 /dev/zero | tr '\\0' x`;
      expect((await inLaptop(`(${sent}; sleep 1) | nc -u -w 3 ${name} ${port} | wc -c`)).toString().trim()).toBe(
        '3000',
      );
      const explained = await scene.product.slipway(['explain', orders]);
      expect(explained.stdout).toContain(known);
    } finally {
      await setKinds('remove');
      await set('remove', '10.96.0.0/16');
      await set('remove', '10.244.0.0/16');
    }
  });

  it('gives way to a bridge that is made while connected, and has it back', async () => {
    await connect();
    await inLaptop(
      'ip link add br-late type bridge && ip address add 10.96.0.129/26 dev br-late && ip link set br-late up',
    );
    await expect.poll(decision, soon).toBe('cut');
    expect(await way('10.96.0.140')).toBe('br-late');
    expect(await answers(orders)).toBe(true);
    await expect.poll(codes, soon).toEqual([]); // a check may have come between the bridge and the decision
    await inLaptop('ip link delete br-late');
    await expect.poll(decision, soon).toBe('routed');
  });

  it('goes before the VPN where the user says so, and takes single addresses alone where the user says that', async () => {
    await makeVpn();
    const set = (verb: string, name: string) =>
      scene.product.slipway(['settings', verb, name, '10.96.0.0/16', '--context', 'sandbox']);
    try {
      expect((await set('add', 'routedRanges')).code).toBe(0);
      await connect();
      expect(await decision()).toBe('routed');
      expect(await answers(orders)).toBe(true);
      await scene.product.disconnect();
      await endNetwork('vpn0');
      expect((await set('remove', 'routedRanges')).code).toBe(0);
      expect((await set('add', 'narrowedRanges')).code).toBe(0);
      await connect();
      expect(await servicesRoute()).toMatchObject({ decision: 'narrowed', reason: '' });
      expect(await answers(orders)).toBe(true);
    } finally {
      await set('remove', 'routedRanges');
      await set('remove', 'narrowedRanges');
    }
  });
});
