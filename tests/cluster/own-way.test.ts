/**
 * A laptop that has routes to a cluster's pods and Services by its nodes already, as `minikube tunnel`, kind with a route or an office
 * with BGP have: what it reaches by itself is left alone, and followed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const soon = { timeout: 30_000, interval: 200 };
const { http, headless, baseImage } = workload;

interface Node {
  readonly address: string;
  readonly pods: string;
}

describe('a laptop with routes of its own to the nodes of a cluster', () => {
  let scene: Scene;
  let orders = '';
  let nodes: Node[] = [];
  /** Addresses of pods, by the range of their node. */
  const pods = new Map<string, string>();

  const inLaptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
  const answers = async (host: string) =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${host}/`])).code === 0;
  const pings = async (host: string) => (await run(scene.laptop, ['ping', '-c', '1', '-W', '3', host])).code === 0;
  const device = async (address: string) => / dev (\S+)/.exec(await inLaptop(`ip route get ${address}`))?.[1];
  const decisions = async () =>
    new Map(
      (await connected(scene.product)).routes.map(({ prefix, decision, reason }) => [prefix, `${decision} ${reason}`]),
    );
  const becomes = async (range: string, decision: string) =>
    expect.poll(async () => (await decisions()).get(range), soon).toBe(decision);
  const podsDecision = async () => {
    const route = (await connected(scene.product)).routes.find(({ kind }) => kind === 'pods');
    return `${route?.decision} ${route?.reason}`;
  };
  const explainsAsOwn = async (pod: string) => {
    const explained = await scene.product.slipway(['explain', `${pod}:${http.podPort}`]);
    expect(explained.stdout).toContain('which this computer reaches by itself');
    expect(explained.code, explained.stdout + explained.stderr).toBe(0);
  };
  const answersAll = async () => {
    for (const host of [...http.names, orders, ...[...pods.values()].map((address) => `${address}:${http.podPort}`)]) {
      expect(await answers(host), host).toBe(true);
    }
    expect(await pings(`${headless.service}.${headless.namespace}`)).toBe(true);
    expect((await connected(scene.product)).degraded).toEqual([]);
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'own-way');
    orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    const path = '{range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address} {.spec.podCIDR}{"\\n"}{end}';
    const told = await scene.cluster.kubectl(['get', 'nodes', '-o', `jsonpath=${path}`]);
    nodes = told
      .trim()
      .split('\n')
      .map((line) => ({ address: line.split(' ')[0] ?? '', pods: line.split(' ')[1] ?? '' }));
    for (const { status } of await scene.cluster.pods(http.namespace, http.selector)) {
      const range = nodes.find((node) => status.podIP?.startsWith(node.pods.replace(/\d+\/24$/, '')))?.pods;
      pods.set(range ?? '', status.podIP ?? '');
    }
  });
  afterEach(async () => {
    await scene.product.disconnect();
    for (const { address } of nodes) {
      await inLaptop(`ip route flush via ${address}`);
    }
  });
  afterAll(async () => {
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it('leaves alone the pods of a node that it has a route to, whether that is there before or comes and goes', async () => {
    const [range = '', pod = ''] = [...pods][0] ?? [];
    const node = nodes.find((one) => one.pods === range)?.address ?? '';
    await inLaptop(`ip route add ${range} via ${node}`);
    expect(await answers(`${pod}:${http.podPort}`)).toBe(true);
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
    expect(await podsDecision()).toBe('cut own-way');
    expect(await device(pod)).toBe('eth0');
    await answersAll();
    const { stdout } = await scene.product.slipway(['status']);
    expect(stdout).toContain(`without ${range} on eth0, reached by a node`);
    await explainsAsOwn(pod);

    await inLaptop(`ip route del ${range}`);
    await expect.poll(podsDecision, soon).toBe('routed ');
    await answersAll();
    await inLaptop(`ip route add 10.244.0.0/16 via ${node}`);
    await expect.poll(podsDecision, soon).toBe('excluded own-way');
    expect(await device(pod)).toBe('eth0');
    expect(await inLaptop('ip route')).not.toContain('198.19.');
    await answersAll();
    const wide = await scene.product.slipway(['status', '-o', 'wide']);
    expect(wide.stdout).toContain('left alone: this computer has the route 10.244.0.0/16 on eth0, by a node');
    await explainsAsOwn(pod);
    const doctor = await scene.product.slipway(['doctor']);
    expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
  });

  it('leaves Services alone that it has a route to, until the user says otherwise', async () => {
    const node = nodes[0]?.address ?? '';
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
    await inLaptop(`ip route add 10.96.0.0/12 via ${node}`);
    await becomes('10.96.0.0/16', 'excluded own-way');
    expect(await device(orders)).toBe('eth0');
    await answersAll();
    await scene.product.slipway(['settings', 'add', 'routedRanges', '10.96.0.0/16', '--context', 'sandbox']);
    await becomes('10.96.0.0/16', 'routed ');
    expect(await device(orders)).toBe((await connected(scene.product)).interface);
    await answersAll();
    await scene.product.slipway(['settings', 'remove', 'routedRanges', '10.96.0.0/16', '--context', 'sandbox']);
    await becomes('10.96.0.0/16', 'excluded own-way');
    // One by somebody who is no node of it is a VPN's, as any other.
    await inLaptop(`ip route replace 10.96.0.0/12 via $(ip route show default | sed 's/.*via \\([^ ]*\\).*/\\1/')`);
    await becomes('10.96.0.0/16', 'narrowed other-route');
    await expect.poll(() => answers(orders), soon).toBe(true);
    await inLaptop('ip route del 10.96.0.0/12');
    await becomes('10.96.0.0/16', 'routed ');
  });
});
