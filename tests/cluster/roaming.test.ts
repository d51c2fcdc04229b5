/** A laptop that goes to an office while connected: what that network needs is taken out of the tunnel, and comes back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, must, run } from './programs.ts';
import { type Flavour, leaveScene, type Scene, setScene, workload } from './scene.ts';

describe.each<Flavour>(['plain', 'resolved'])('roaming with a resolver of the kind %s', (flavour) => {
  let scene: Scene;
  let atHome: string;
  const { http } = workload;

  const connected = async () => {
    const { connections } = await scene.product.snapshot();
    const connection = connections.find(({ phase }) => phase !== 'off');
    if (connection?.phase !== 'connected') {
      throw new Error(`it is ${connection?.phase}`);
    }
    return connection;
  };
  const addressOf = async (name: string) => {
    const outcome = await run(scene.laptop, ['getent', 'ahostsv4', name], { deadline: 15_000 });
    return outcome.stdout.split(' ')[0] ?? '';
  };
  /** As DHCP does it. */
  const setResolver = async (address: string, file: string) =>
    flavour === 'plain'
      ? must(scene.laptop, ['sh', '-c', `printf %s "$1" > /etc/resolv.conf`, 'sh', file])
      : must(scene.laptop, ['resolvectl', 'dns', 'eth0', address]);

  beforeAll(async () => {
    scene = await setScene(flavour, `roaming-${flavour}`);
    atHome = (await must(scene.laptop, ['cat', '/etc/resolv.conf'])).toString();
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  it('keeps a resolver inside a routed range, says what is left out, and has it back at home', async () => {
    const { routes, names, interface: device } = await connected();
    const range = routes.find(({ kind, decision }) => kind === 'pods' && decision === 'routed')?.prefix ?? '';
    const office = range.replace(/\d+\/\d+$/, '253');
    const home = names.upstreams[0] ?? '';
    const decision = async () => (await connected()).routes.find(({ prefix }) => prefix === range)?.decision;
    // The office's resolver knows what the one at home knows, and is found only outside the tunnel.
    const rule = ['OUTPUT', '!', '-o', device, '-d', office, '-p', 'udp', '--dport', '53'];
    await must(scene.laptop, ['iptables', '-t', 'nat', '-I', ...rule, '-j', 'DNAT', '--to-destination', home]);
    try {
      await setResolver(office, `nameserver ${office}\n`);
      expect(await eventually(async () => (await decision()) === 'cut', 30_000)).toBe(true);
      const status = await scene.product.slipway(['status']);
      expect(status.stdout).toContain(`${range} without ${office}/32`);
      expect((await connected()).degraded).toEqual([]);
      expect(await addressOf('www.example.test')).toBe(workload.outside['www.example.test']);
      expect(await addressOf(http.fullName)).toBe(await scene.cluster.serviceAddress(http.namespace, http.service));

      await setResolver(home, atHome);
      expect(await eventually(async () => (await decision()) === 'routed', 30_000)).toBe(true);
      expect((await connected()).degraded).toEqual([]);
      expect(await addressOf('www.example.test')).toBe(workload.outside['www.example.test']);
      await must(scene.laptop, ['curl', '-sS', '-m', '10', `http://${http.fullName}/`]);
    } finally {
      await setResolver(home, atHome);
      await must(scene.laptop, ['iptables', '-t', 'nat', '-D', ...rule, '-j', 'DNAT', '--to-destination', home]);
      await run(scene.laptop, ['nft', 'delete', 'table', 'ip', 'nat']); // made by iptables for the rule
    }
  });
});
