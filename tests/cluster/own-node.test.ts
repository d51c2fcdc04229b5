/**
 * A laptop that is a node of the cluster, as with k3s: the node's network with the laptop's programs and files. It reaches pods and
 * Services by itself, so that only names are Slipway's.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, type LaptopSnapshot, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { inNodeNetwork } from './node-network.ts';
import { type LaptopPlace, Product } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const { http, baseImage } = workload;
const nodeName = 'node1';

describe('a laptop that is a node of the cluster', () => {
  let scene: Scene;
  let place: LaptopPlace;
  let product: Product;
  let folder = '';
  let before: LaptopSnapshot;
  let ownMachine = '';

  const routes = async () =>
    (await must(place, ['ip', 'route', 'show', 'table', 'all'])).replace(/^broadcast.*$/gm, '');
  const answers = async (host: string) =>
    (await run(place, ['curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${host}/`])).code === 0;
  const setMachine = (id: string) => must(place, ['sh', '-c', `printf '%s\\n' '${id}' > /etc/machine-id`]);

  beforeAll(async () => {
    scene = await setScene('plain', 'own-node');
    place = { ...inNodeNetwork(scene, nodeName), holder: scene.laptop.holder };
    folder = mkdtempSync(join(tmpdir(), 'slipway-own-node-'));
    product = new Product(place, folder, scene.sandbox.kubeconfig);
    // Of the laptop: the node's pods come and go meanwhile, and with them its interfaces and routes.
    before = await takeLaptopSnapshot(scene.laptop, scene.laptop.holder);
    ownMachine = (await must(place, ['cat', '/etc/machine-id'])).trim();
    const path = 'jsonpath={.status.nodeInfo.machineID}';
    await setMachine(await scene.cluster.kubectl(['get', 'node', nodeName, '-o', path]));
  });
  afterAll(async () => {
    await product.end();
    await setMachine(ownMachine);
    await eventually(
      async () => differences(before, await takeLaptopSnapshot(scene.laptop, scene.laptop.holder)).length === 0,
      20_000,
    );
    const changed = differences(before, await takeLaptopSnapshot(scene.laptop, scene.laptop.holder));
    rmSync(folder, { recursive: true, force: true });
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it('has names of Slipway, and its own ways to pods and Services', async () => {
    const orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    const pods = await scene.cluster.pods(http.namespace, http.selector);
    expect(await answers(orders)).toBe(true);
    expect(await answers(http.fullName)).toBe(false);
    await product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
    const live = await connected(product);
    expect(new Set(live.routes.map(({ decision, reason }) => `${decision} ${reason}`))).toEqual(
      new Set(['excluded own-node']),
    );
    expect(await routes()).not.toMatch(/^(10\.96|10\.244|198\.19)\..* dev slipway/m);
    for (const host of [...http.names, orders, ...pods.map(({ status }) => `${status.podIP}:${http.podPort}`)]) {
      expect(await answers(host), host).toBe(true);
    }
    // A headless Service's name tells the pods' own addresses.
    const told = await must(place, ['getent', 'ahostsv4', `ledger.${http.namespace}`]);
    expect(told).toMatch(/^10\.244\./m);
    expect(told).not.toMatch(/^198\.19\./m);
    expect(await must(place, ['getent', 'ahostsv4', 'www.example.test'])).toContain(
      workload.outside['www.example.test'],
    );
  });

  it('is told so, and no fault is found', async () => {
    const status = await product.slipway(['status']);
    expect(status.stdout).toContain('left alone: this computer is a node of the cluster');
    const doctor = await product.slipway(['doctor']);
    expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
    expect((await connected(product)).degraded).toEqual([]);
    const orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    const explained = await product.slipway(['explain', `${orders}:80`]);
    expect(explained.stdout).toContain('it is a node of the cluster');
    expect(explained.code, explained.stdout + explained.stderr).toBe(0);
  });

  it('routes a range all the same where the user says so', async () => {
    await product.slipway(['settings', 'add', 'routedRanges', '10.96.0.0/16', '--context', 'sandbox']);
    const services = async () => (await connected(product)).routes.find(({ kind }) => kind === 'services')?.decision;
    await expect.poll(services, { timeout: 20_000 }).toBe('routed');
    await product.slipway(['settings', 'remove', 'routedRanges', '10.96.0.0/16', '--context', 'sandbox']);
    await expect.poll(services, { timeout: 20_000 }).toBe('excluded');
    await product.disconnect();
    const doctor = await product.slipway(['doctor']);
    expect(doctor.stdout).toContain('this computer is a node of the cluster');
    await product.end();
    expect(await answers(await scene.cluster.serviceAddress(http.namespace, http.service))).toBe(true);
    expect(await routes()).not.toContain('slipway');
  });
});
