/**
 * Services of ServiceCIDRs (KEP-1880) that a cluster has besides its first: with public and class E addresses, as GKE and some
 * clouds give them, reached by name without an address of the internet being taken. The ranges are the whole cluster's, so that no
 * other file runs beside this one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inNodeNetwork } from './node-network.ts';
import { eventually, must, run } from './programs.ts';
import { connected as connectionOf, Refusals } from './refusals.ts';
import { rightsIn } from './restricted-user.ts';
import { type Scene, workload } from './scene.ts';

const soon = { timeout: 30_000, interval: 200 };
const { http } = workload;
const cidrs = [
  { name: 'public', cidr: '34.118.224.0/20', address: '34.118.225.7', reason: 'public' },
  { name: 'class-e', cidr: '240.44.0.0/20', address: '240.44.1.7', reason: 'reserved' },
] as const;
const far = { name: 'far', cidr: '10.112.0.0/24', address: '10.112.0.7' };
const account = 'service-ranges';
const late = { name: 'late', cidr: '10.97.0.0/24', address: '10.97.0.7' };

/** As much of Calico's own as is read of it. */
const poolDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ippools.crd.projectcalico.org' },
  spec: {
    group: 'crd.projectcalico.org',
    scope: 'Cluster',
    names: { kind: 'IPPool', plural: 'ippools', singular: 'ippool' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

describe('Services of further ServiceCIDRs', () => {
  let refusals: Refusals;
  let scene: Scene;
  const apply = (manifest: object) => scene.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  const inLaptop = async (...words: string[]) => (await must(scene.laptop, words)).toString().trim();
  const tries = async (...words: string[]) => (await run(scene.laptop, words, { deadline: 15_000 })).code === 0;

  async function makeService({ name, cidr, address }: typeof late): Promise<void> {
    const metadata = { name: `test-${name}` };
    await apply({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs: [cidr] } });
    await scene.cluster.kubectl(['wait', '--for=condition=Ready', `servicecidr/${metadata.name}`, '--timeout=60s']);
    const spec = { clusterIP: address, selector: { app: http.service }, ports: [{ port: 80, targetPort: 'http' }] };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, namespace: http.namespace }, spec };
    // The allocator hears of the range a moment later than who waits for it.
    const isMade = () => apply(service).then(Boolean, () => false);
    expect(await eventually(isMade, soon.timeout, soon.interval)).toBe(true);
  }
  const connect = () =>
    scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  const connected = () => connectionOf(scene.product);

  beforeAll(async () => {
    refusals = await Refusals.begin('service-ranges');
    scene = refusals.scene;
    await scene.cluster.kubectl(['apply', '-f', '-'], rightsIn(http.namespace, account));
    for (const one of cidrs) {
      await makeService(one);
    }
  });
  afterAll(async () => {
    const own = (...words: string[]) => scene.cluster.kubectl(['--namespace', http.namespace, ...words]);
    await own('delete', 'role,rolebinding', account, '--ignore-not-found');
    for (const { name } of [...cidrs, late, far]) {
      await own('delete', 'service', `test-${name}`, '--ignore-not-found');
      await scene.cluster.kubectl(['delete', 'servicecidr', `test-${name}`, '--ignore-not-found', '--wait=false']);
    }
    await scene.product.disconnect();
    const changed = await scene.unchanged();
    await refusals.close();
    expect(changed).toEqual([]);
  });

  it.each(cidrs)('are reached by name: $cidr', async ({ name, cidr, address, reason }) => {
    const literal = await inLaptop('ip', 'route', 'get', '34.118.225.7');
    await connect();
    const route = (await connected()).routes.find(({ prefix }) => prefix === cidr);
    expect(route).toMatchObject({ kind: 'services', origin: 'service-cidr', decision: 'mapped', reason });

    const fullName = `test-${name}.${http.namespace}.svc.cluster.local`;
    await expect.poll(() => tries('curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${fullName}/`), soon).toBe(true);
    const told = (await inLaptop('getent', 'ahostsv4', fullName)).split(' ')[0] ?? '';
    expect(told).toMatch(/^198\.19\./);
    expect(await tries('ping', '-c', '1', '-W', '3', fullName)).toBe(true);
    expect(await inLaptop('dig', '+short', '+time=5', '-x', told)).toBe(`${fullName}.`);
    // What the internet or nobody has at that address is not ours.
    expect(await inLaptop('ip', 'route', 'get', '34.118.225.7')).toBe(literal);
    const routed = await inLaptop('ip', 'route', 'show', 'table', 'all', 'dev', 'slipway0');
    expect(routed).not.toMatch(/\b(34\.118|240\.44)\./);
    const explained = await scene.product.slipway(['explain', `${address}:80`]);
    expect(explained.stdout).toContain(told);
    await scene.product.disconnect();
  });

  it('are reached where their range came while connected, and nothing is made anew', async () => {
    const codes = async () => (await connected()).degraded.map(({ code }) => code);
    await connect();
    const since = (await connected()).since;
    await makeService(late);
    await expect
      .poll(() => tries('curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${late.address}/`), soon)
      .toBe(true);
    await expect.poll(codes, soon).not.toContain('services-outside');
    expect((await connected()).since).toBe(since);
    await scene.product.disconnect();
  });

  const pools = 'ippools.crd.projectcalico.org';
  const pool = (name: string, cidr: string) =>
    apply({ apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool', metadata: { name }, spec: { cidr } });
  const ranges = async () => (await connected()).routes.map(({ prefix, decision }) => `${prefix} ${decision}`);

  it.each([
    {
      ...{ what: 'a node', cidr: '10.244.77.0/24', pod: '10.244.77.7', before: async () => {} },
      come: () =>
        apply({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'autoscaled' },
          spec: { podCIDR: '10.244.77.0/24' },
        }),
      go: () => scene.cluster.kubectl(['delete', 'node', 'autoscaled', '--ignore-not-found', '--wait=false']),
    },
    {
      ...{ what: 'a pool of Calico’s', cidr: '10.250.0.0/24', pod: '10.250.0.7' },
      before: async () => {
        await apply(poolDefinition);
        await scene.cluster.kubectl(['wait', '--for=condition=Established', `crd/${pools}`, '--timeout=30s']);
        await pool('first', '10.244.0.0/16');
      },
      come: () => pool('second', '10.250.0.0/24'),
      go: () => scene.cluster.kubectl(['delete', 'crd', pools, '--ignore-not-found']),
    },
  ])('and pods of $what that came while connected are reached, and nothing is made anew', async (one) => {
    const metadata = { name: 'test-autoscaled', namespace: http.namespace };
    // What a pod there would answer, each node does.
    const onNodes = async (change: 'add' | 'delete') => {
      for (const name of ['node1', 'node2'] as const) {
        await must(inNodeNetwork(scene, name), ['ip', 'address', change, `${one.pod}/32`, 'dev', 'lo']);
      }
    };
    await onNodes('add');
    try {
      await one.before();
      await connect();
      const { since } = await connected();
      expect(await ranges()).not.toContain(`${one.cidr} routed`);
      expect(await tries('ping', '-c', '1', '-W', '1', one.pod)).toBe(false);
      await one.come();
      const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
      await apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: 'None', ports } });
      await apply({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [one.pod], conditions: { ready: true } }],
        ports,
      });
      await expect.poll(() => tries('ping', '-c', '1', '-W', '1', one.pod), soon).toBe(true);
      expect(await ranges()).toContain(`${one.cidr} routed`);
      expect((await connected()).since).toBe(since);
    } finally {
      await one.go();
      const made = ['delete', 'service,endpointslice', metadata.name, '--ignore-not-found'];
      await scene.cluster.kubectl([...made, '-n', http.namespace]);
      await onNodes('delete');
    }
    await scene.product.disconnect();
  });

  it('are reached by who may see one namespace alone, whose ranges are what was seen', async () => {
    const product = refusals.productWith(
      refusals.edited(({ user }) => {
        user.as = account;
      }),
    );
    const ranges = async () => (await connectionOf(product)).routes.map(({ prefix, origin }) => `${prefix} ${origin}`);
    await product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    expect(await ranges()).toContain('34.118.225.0/24 observed-services');
    expect(await ranges()).not.toContain('10.112.0.0/24 observed-services');
    await makeService(far);
    await expect
      .poll(() => tries('curl', '-sS', '-m', '5', '-o', '/dev/null', `http://${far.address}/`), soon)
      .toBe(true);
    expect(await ranges()).toContain('10.112.0.0/24 observed-services');
    await refusals.expectUnchanged(product);
  });
});
