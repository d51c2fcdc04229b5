/**
 * Three clusters at once: two that are alike in ranges, Services and names, and one with ranges of its own, each a Kubernetes by
 * itself. Which one answered is told by the pod's name, and by the interface that leads there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Connection } from '../../app/contract/index.ts';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { Cluster } from './cluster.ts';
import { allProcesses, Product } from './product.ts';
import { must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { sandboxOptions } from './sandbox-options.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const soon = { timeout: 60_000, interval: 200 };
const { http, echo } = workload;
const alike = { podRange: '10.244.0.0/16', serviceRange: '10.96.0.0/16' };
/** By the names of their contexts, in the order in which they are switched on. */
const clusters = {
  one: { lan: '10.187.0.0/24', ...alike },
  two: { lan: '10.188.0.0/24', ...alike },
  three: { lan: '10.189.0.0/24', podRange: '10.160.0.0/16', serviceRange: '10.128.0.0/16' },
} as const;
type Name = keyof typeof clusters;
const names = Object.keys(clusters) as Name[];

describe('three clusters at once', () => {
  const sandboxes = new Map<Name, Sandbox>();
  let scene: Scene;
  let product: Product;

  const sandboxOf = (name: Name) => sandboxes.get(name) ?? expect.fail(name);
  const inLaptop = (...words: string[]) => must(scene.laptop, words);
  const slipway = async (...words: string[]) => {
    const { code, stdout, stderr } = await product.slipway(words);
    expect(code, `${words.join(' ')}\n${stderr}\n${stdout}`).toBe(0);
  };
  const connect = (name: Name) =>
    slipway('connect', name, '--namespace', http.namespace, '--base-image', workload.baseImage);
  const connectionOf = async (name: Name): Promise<Connection | undefined> =>
    (await product.snapshot()).connections.find(({ cluster }) => cluster.context === name);
  const live = (name: Name) => connected(product, name);
  const addressOf = async (host: string) =>
    (await run(scene.laptop, ['getent', 'ahostsv4', host])).stdout.split(/\s/)[0] ?? '';
  const wayTo = async (address: string) => / dev (\S+)/.exec(await inLaptop('ip', 'route', 'get', address))?.[1];
  const podOf = async (host: string) =>
    (JSON.parse(await inLaptop('curl', '-sS', '-m', '5', `http://${host}/`)) as { pod: string }).pod;

  /** That this host is this cluster's, by curl, ping and UDP. */
  async function answers(host: string, echoHost: string, name: Name): Promise<void> {
    const { interface: by } = await live(name);
    const pods = await sandboxOf(name).cluster().kubectl(['--namespace', http.namespace, 'get', 'pods', '-o', 'name']);
    expect(pods.split('\n'), `${host} in ${name}`).toContain(`pod/${await podOf(host)}`);
    const address = await addressOf(host);
    expect(await wayTo(address), `${host} at ${address}`).toBe(by);
    await inLaptop('ping', '-c', '1', '-W', '3', address);
    expect(await inLaptop('probe', 'udp', `${echoHost}:${echo.port}`, 'hello')).toContain('hello');
  }
  const suffixed = (host: string, name: Name) => `${host}.${name}-cluster`;
  const ownNames = async (of: readonly Name[]) => {
    for (const name of of) {
      await answers(suffixed(`${http.service}.${http.namespace}`, name), suffixed(echo.name, name), name);
    }
  };

  beforeAll(async () => {
    for (const name of names) {
      const sandbox = openSandbox({
        ...{ name: `${sandboxOptions.name}-${name}`, nodes: 1, laptops: ['plain'], machineLink: false },
        ...clusters[name],
      });
      await sandbox.up();
      sandboxes.set(name, sandbox);
    }
    // The laptop of the first one is in the LANs of the others, too.
    const { pid, enter } = sandboxOf('one').laptop('plain');
    for (const name of names.slice(1)) {
      const lan = sandboxOf(name).space('lan');
      const isThere = (await run({ enter, environment: {} }, ['ip', 'link', 'show', name])).code === 0;
      if (!isThere) {
        await lan.ip([`link add to-one type veth peer name ${name} netns ${pid}`, 'link set to-one master switch up']);
        const address = clusters[name].lan.replace('.0/24', '.90/24');
        await must({ enter, environment: {} }, [
          ...[
            'sh',
            '-c',
            `ip link set ${name} addrgenmode none && ip address add ${address} dev ${name} && ip link set ${name} up`,
          ],
        ]);
      }
    }
    scene = await setScene('plain', 'three', {}, sandboxOf('one'));
    const named = names.map((name) => {
      const own = parse(readFileSync(sandboxOf(name).kubeconfig, 'utf8'));
      return {
        contexts: [{ name, context: { ...own.contexts[0].context, cluster: name, user: name } }],
        clusters: [{ ...own.clusters[0], name }],
        users: [{ ...own.users[0], name }],
      };
    });
    const all = (part: 'contexts' | 'clusters' | 'users') => named.flatMap((one) => one[part]);
    const file = join(scene.product.folder, 'three-contexts');
    const kubeconfig = { apiVersion: 'v1', kind: 'Config', 'current-context': 'one' };
    const parts = { contexts: all('contexts'), clusters: all('clusters'), users: all('users') };
    writeFileSync(file, stringify({ ...kubeconfig, ...parts }), { mode: 0o600 });
    product = new Product(scene.laptop, scene.product.folder, file);
  }, 300_000);
  afterAll(async () => {
    await product?.end();
    await closeScene(scene);
    if (process.env.SLIPWAY_KEEP_SANDBOX !== '1') {
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.down()));
    }
  }, 120_000);

  it('are on beside each other: the second by other addresses, the third as it is', async () => {
    for (const name of names) {
      await connect(name);
    }
    const decisions = async (name: Name) => new Set((await live(name)).routes.map(({ decision }) => decision));
    expect(await decisions('one')).toEqual(new Set(['routed']));
    expect(await decisions('two')).toEqual(new Set(['mapped']));
    expect(await decisions('three')).toEqual(new Set(['routed']));
    for (const name of names) {
      await expect.poll(async () => (await live(name)).degraded.map(({ code }) => code), soon).toEqual([]);
    }
  });

  it('answer to curl, ping and UDP, each by its own names and the first by plain ones', async () => {
    await ownNames(names);
    await answers(http.fullName, echo.name, 'one');
  });

  it('give the plain names to the one that is preferred, and the third does not notice', async () => {
    const { since } = await live('three');
    await slipway('prefer', 'two');
    const { interface: by } = await live('two');
    await expect.poll(async () => wayTo(await addressOf(http.fullName)), soon).toBe(by);
    await answers(http.fullName, echo.name, 'two');
    await ownNames(names);
    expect((await live('three')).since).toBe(since);
  });

  it('are back after everything was killed, with the plain names where they were', async () => {
    await product.signal(allProcesses, 'SIGKILL');
    await slipway('contexts'); // starts the core
    for (const name of names) {
      await expect.poll(async () => (await connectionOf(name))?.phase, soon).toBe('connected');
    }
    const { interface: by } = await live('two');
    await expect.poll(async () => wayTo(await addressOf(http.fullName)), soon).toBe(by);
    await answers(http.fullName, echo.name, 'two');
    await ownNames(names);
  });

  it('go off and on each for itself', async () => {
    const [two, three] = [await live('two'), await live('three')];
    await slipway('disconnect', 'one');
    await expect.poll(async () => (await live('two')).routes.map(({ decision }) => decision), soon).toContain('routed');
    await ownNames(['two', 'three']);
    await connect('one');
    await ownNames(names);
    expect([(await live('two')).since, (await live('three')).since]).toEqual([two.since, three.since]);
  });

  it('leave nothing, on the laptop and in any of them', async () => {
    await slipway('disconnect');
    await product.end();
    expect(await scene.unchanged()).toEqual([]);
    for (const name of names) {
      const cluster = new Cluster(sandboxOf(name).cluster());
      const left = async () => (await cluster.ours()).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      await expect.poll(left, soon).toEqual([]);
    }
  });
});
