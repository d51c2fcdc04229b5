/** Row 2: names, under a plain resolv.conf and under a real systemd-resolved. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { must, run } from './programs.ts';
import { type Flavour, leaveScene, type Scene, setScene, workload } from './scene.ts';

describe.each<Flavour>(['plain', 'resolved'])('names on a laptop with a resolver of the kind %s', (flavour) => {
  let scene: Scene;
  const { http, headless } = workload;

  const getent = async (name: string) => {
    const outcome = await run(scene.laptop, ['getent', 'ahostsv4', name], { deadline: 15_000 });
    return [...new Set(outcome.stdout.split('\n').map((line) => line.split(' ')[0] ?? ''))]
      .filter((text) => text !== '')
      .sort();
  };
  const dig = async (...words: string[]) =>
    (await must(scene.laptop, ['dig', '+time=3', '+tries=2', ...words])).toString();

  beforeAll(async () => {
    scene = await setScene(flavour, `names-${flavour}`);
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  it('resolves every form of a Service name to its address', async () => {
    const address = await scene.cluster.serviceAddress(http.namespace, http.service);
    for (const name of http.names) {
      expect(await getent(name), name).toEqual([address]);
    }
  });

  it('says which way names go', async () => {
    const snapshot = await scene.product.snapshot();
    const connection = snapshot.connections.find((candidate) => candidate.phase === 'connected');
    expect(connection?.phase === 'connected' && connection.names.mode).toBe(
      flavour === 'plain' ? 'resolv-conf' : 'resolved',
    );
  });

  it('resolves headless Services and the pods of a StatefulSet', async () => {
    const pods = await scene.cluster.pods(headless.namespace, headless.selector);
    const addresses = pods.map((pod) => pod.status.podIP ?? '').sort();
    expect(await getent(`${headless.service}.${headless.namespace}.svc.cluster.local`)).toEqual(addresses);
    expect(await getent(`${headless.service}.${headless.namespace}`)).toEqual(addresses);
    const first = pods.find((pod) => pod.metadata.name === `${headless.service}-0`);
    for (const suffix of ['', '.svc', '.svc.cluster.local']) {
      expect(await getent(`${headless.service}-0.${headless.service}.${headless.namespace}${suffix}`)).toEqual([
        first?.status.podIP,
      ]);
    }
  });

  it('answers SRV, PTR and ExternalName', async () => {
    const { multiPort, external } = workload;
    const service = `${multiPort.service}.${multiPort.namespace}.svc.cluster.local`;
    expect(await dig('+short', 'SRV', `_${multiPort.portName}._tcp.${service}`)).toContain(
      `${multiPort.port} ${service}.`,
    );
    const address = await scene.cluster.serviceAddress(http.namespace, http.service);
    expect(await dig('+short', '-x', address)).toContain(http.fullName);
    expect(await dig('CNAME', '+short', external.fullName)).toContain(external.target);
  });

  it('leaves names that do not exist non-existent', async () => {
    expect(await dig('nothing-here.webshop.svc.cluster.local')).toContain('NXDOMAIN');
    expect(await dig('nothing-here.example.test')).toContain('NXDOMAIN');
    expect(await getent('nothing-here.webshop')).toEqual([]);
  });

  it('answers AAAA of an IPv4 cluster at once with no data', async () => {
    const answer = await dig('AAAA', http.fullName);
    expect(answer).toContain('NOERROR');
    expect(answer).toContain('ANSWER: 0');
  });

  it('sends outside names to the office, those of a namespace called like a top-level domain too', async () => {
    expect(await getent('www.example.test')).toEqual([workload.outside['www.example.test']]);
    expect(await getent('x.dev')).toEqual([workload.outside['x.dev']]);
    const address = await scene.cluster.serviceAddress('dev', 'api');
    expect(await getent('api.dev.svc')).toEqual([address]);
  });

  it('knows a Service for every record type, and one that is made after its name was asked for', async () => {
    for (const type of ['MX', 'CAA', 'TXT', 'AAAA', 'HTTPS', 'SRV', 'NAPTR']) {
      expect(await dig(type, `${http.service}.${http.namespace}`), type).toContain('NOERROR');
    }
    expect(await getent(http.names[0] ?? ''), 'after these').not.toEqual([]);
    const late = `late-${flavour}`;
    expect(await getent(`${late}.${http.namespace}`)).toEqual([]);
    const make = () =>
      scene.cluster.kubectl(['create', 'service', 'clusterip', late, '--tcp=80', '-n', http.namespace]);
    const remove = () =>
      scene.cluster.kubectl(['delete', 'service', late, '-n', http.namespace, '--ignore-not-found', '--wait=false']);
    // Resolvers between keep the outside's "no such name" for as long as its zone says; ours they keep for 5 s.
    const becomes = (expected: readonly string[]) =>
      vi.waitFor(async () => expect(await getent(`${late}.${http.namespace}`)).toEqual(expected), {
        timeout: 20_000,
        interval: 500,
      });
    try {
      await make();
      const first = await scene.cluster.serviceAddress(http.namespace, late);
      await becomes([first]);
      await remove();
      await becomes([]);
      await make();
      const second = await scene.cluster.serviceAddress(http.namespace, late);
      await becomes([second]);
    } finally {
      await remove();
    }
  });

  it('offers a stub domain of CoreDNS, and has the cluster asked for it once that is allowed', async () => {
    const { product, cluster } = scene;
    const name = 'dns.consul';
    const address = await cluster.serviceAddress('kube-system', 'kube-dns');
    expect(await getent(name)).toEqual([]);
    const offer = 'settings add extraDomains consul --context sandbox';
    const wide = await product.slipway(['status', '-o', 'wide']);
    expect(wide.stdout + wide.stderr).toContain(offer);
    const explained = await product.slipway(['explain', name]);
    expect(explained.stdout + explained.stderr).toContain(offer);
    try {
      expect((await product.slipway(offer.split(' '))).code).toBe(0);
      await vi.waitFor(async () => expect(await getent(name)).toEqual([address]), { timeout: 20_000, interval: 500 });
      expect((await product.slipway(['status', '-o', 'wide'])).stdout).not.toContain(offer);
    } finally {
      await product.slipway(['settings', 'remove', 'extraDomains', 'consul', '--context', 'sandbox']);
    }
  });

  it('never asks the cluster for wpad', async () => {
    expect(await getent('wpad.webshop.svc.cluster.local')).toEqual([]);
  });
});
