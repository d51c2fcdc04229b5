/**
 * The cluster answers the agent nothing any more, as behind a NetworkPolicy of egress, or only no names, or only its own node's
 * pods: told with the policy's name by state, status, doctor and a second connect, over by itself. And a way that was wrong
 * before the connect.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNodeNetwork } from './node-network.ts';
import { eventually, must, type Place, run } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

/** Told within five seconds, and this machine has more to do. Milliseconds. */
const soon = 20_000;

describe('a connection over a dead network', () => {
  let scene: Scene;
  const { http } = workload;
  const policy = 'degraded-default-deny';

  const codes = async () => {
    const { connections } = await scene.product.snapshot();
    const now = connections.find(({ phase }) => phase !== 'off');
    return now?.phase === 'connected' ? now.degraded.map(({ code }) => code) : [`is ${now?.phase}`];
  };
  const causes = async () => {
    const { connections } = await scene.product.snapshot();
    return connections
      .flatMap((one) => (one.phase === 'connected' ? one.degraded.map(({ cause }) => cause) : []))
      .join('\n');
  };
  /** Follows what is printed for kubectl, as whoever reads it would. */
  async function followFixes(): Promise<string> {
    const { connections } = await scene.product.snapshot();
    const fixes = connections.flatMap((one) =>
      one.phase === 'connected' ? one.degraded.flatMap((each) => each.fixes) : [],
    );
    const commands = fixes.flatMap(({ kind, text }) => (kind === 'command' ? [text.split(' ')] : []));
    const answers = commands
      .filter(([program, option, context]) => program === 'kubectl' && option === '--context' && context === 'sandbox')
      .map(([, , , ...words]) => scene.cluster.kubectl(words));
    return (await Promise.all(answers)).join('\n');
  }
  const connect = (...more: string[]) =>
    scene.product.slipway([
      'connect',
      'sandbox',
      '--namespace',
      http.namespace,
      '--base-image',
      workload.baseImage,
      ...more,
    ]);

  /** The network of the agent's node, the address of its pod, and the pods' ranges of the other nodes. */
  async function agentPlace(): Promise<{ node: Place; address: string; others: string[] }> {
    // A node tells the address a second later than the agent serves.
    const isTold = async () => (await scene.agents())[0]?.status.podIP !== undefined;
    expect(await eventually(isTold, 20_000)).toBe(true);
    const [pod] = await scene.agents();
    const { nodeName = '' } = pod?.spec ?? {};
    const listed = JSON.parse(await scene.cluster.kubectl(['get', 'nodes', '-o', 'json'])) as {
      items: { metadata: { name: string }; spec: { podCIDRs: string[] } }[];
    };
    const others = listed.items.filter(({ metadata }) => metadata.name !== nodeName);
    const isIPv4 = (range: string) => range.includes('.');
    return {
      node: inNodeNetwork(scene, nodeName as `node${number}`),
      address: pod?.status.podIP ?? '',
      others: others.flatMap(({ spec }) => spec.podCIDRs.filter(isIPv4)),
    };
  }
  async function drop(change: '-I' | '-D', match: readonly string[]): Promise<void> {
    const { node, address } = await agentPlace();
    await must(node, ['iptables', change, 'FORWARD', '-s', address, ...match, '-j', 'DROP']);
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'degraded');
    // The sandbox's network enforces none: the firewall of the node does what it says.
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: policy, namespace: http.namespace },
      spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'slipway-agent' } }, policyTypes: ['Egress'] },
    };
    await scene.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    const first = await connect();
    expect(first.code, first.stderr).toBe(0);
    expect(await codes()).toEqual([]);
  });
  afterAll(async () => {
    await scene.cluster.kubectl(['delete', 'networkpolicy', '-n', http.namespace, policy, '--ignore-not-found']);
    await leaveScene(scene);
  });

  it.each([
    ['everything that the agent sends', [], 'agent-egress-blocked'],
    ['what it asks the DNS', ['-p', 'udp', '--dport', '53'], 'cluster-dns-silent'],
  ])('tells that %s is dropped, and by which policy, and that it is over', async (_, match, code) => {
    await drop('-I', match);
    try {
      await expect.poll(codes, { timeout: soon, interval: 100 }).toContain(code);
      await expect.poll(causes, { timeout: soon }).toContain(policy);
      const status = await scene.product.slipway(['status']);
      expect(status.stdout).toContain(code);
      expect(status.stderr).toContain(policy);
      expect(await followFixes()).toContain(policy);
      const doctor = await scene.product.slipway(['doctor']);
      expect(doctor.code).toBe(5);
      expect(doctor.stdout).toMatch(/^✗ cluster-dns /m);
      expect(doctor.stderr).not.toContain('Nothing is broken');
      const again = await connect();
      expect(again.code, again.stderr).toBe(5);
      expect(again.stderr).toContain(`[${code}]`);
      expect(again.stderr).not.toMatch(/✓ agent/);
    } finally {
      await drop('-D', match);
    }
    await expect.poll(codes, { timeout: 2 * soon, interval: 100 }).toEqual([]);
    const whole = await connect();
    expect(whole.code, whole.stderr).toBe(0);
  });

  it('tells that the node of the agent lost the others, whatever is silent with their pods, and that it is over', async () => {
    const { others } = await agentPlace();
    expect(others).not.toEqual([]);
    await drop('-I', ['-d', others.join(',')]);
    try {
      await expect.poll(codes, { timeout: soon, interval: 100 }).toEqual(['agent-node-cut-off']);
      const status = await scene.product.slipway(['status']);
      expect(status.stdout).toContain('agent-node-cut-off');
    } finally {
      await drop('-D', ['-d', others.join(',')]);
    }
    await expect.poll(codes, { timeout: 2 * soon, interval: 100 }).toEqual([]);
  });

  it('refuses what cannot be changed live, and says how it can be had', async () => {
    const refused = await connect('--agent-namespace', 'infra');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('[connection-differs]');
    expect(refused.stderr).toMatch(/run: \S*slipway connect sandbox --agent-namespace infra/);
    const unknown = await scene.product.slipway(['connect', 'sandbox', '--namespace', 'nowhere']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('[namespace-missing]');
    expect((await scene.product.slipway(['connect', 'sandbox', '--answers-for', 'com'])).code).toBe(2);
    expect(await codes()).toEqual([]);
  });

  it('never says connected without a word where a rule was there before the connect', async () => {
    await scene.product.end();
    const laptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
    await laptop('ip tuntap add degraded0 mode tun && ip link set degraded0 up');
    await laptop('ip route add 10.0.0.0/8 dev degraded0 table 200 && ip rule add to 10.96.0.0/16 lookup 200 pref 100');
    try {
      const outcome = await connect();
      expect(outcome.code, outcome.stderr).not.toBe(0);
      expect(outcome.stderr).toMatch(/route-taken|route-refused/);
      expect(outcome.stderr).toMatch(/degraded0/);
    } finally {
      await laptop('ip rule del pref 100; ip link del degraded0');
    }
    if ((await scene.product.phase()) !== 'connected') {
      expect((await connect()).code).toBe(0);
    }
    await expect.poll(codes, { timeout: soon, interval: 100 }).toEqual([]);
    expect(
      await eventually(
        async () => (await run(scene.laptop, ['curl', '-sS', '-m', '5', `http://${http.fullName}/`])).code === 0,
        soon,
      ),
    ).toBe(true);
  });
});
