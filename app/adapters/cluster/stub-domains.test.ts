import { expect, test } from 'vitest';
import { type Answer, forbidden } from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';

const closing = closedAfterEach();

/** What the cluster offers whose ConfigMaps (NAMESPACE/NAME) are these; others are as `otherwise`. */
async function offered(maps: Readonly<Record<string, unknown>>, otherwise?: Answer, clusterDomain = 'cluster.local') {
  const { cluster } = await openScene(closing, ({ path }) => {
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/([^/]+)$/.exec(path) ?? [];
    const data = maps[`${namespace}/${name}`];
    return data === undefined ? otherwise : { body: { metadata: { name, namespace }, data } };
  });
  return cluster.stubDomains(clusterDomain);
}

const block = (zone: string) => `${zone} {\n forward . 10.0.0.1\n}\n`;
const everything = '.:53 {\n kubernetes cluster.local\n forward . /etc/resolv.conf\n}\n';

test.each<[string, Readonly<Record<string, unknown>>, string[]]>([
  ['CoreDNS', { 'kube-system/coredns': { Corefile: `${everything}${block('corp.example')}` } }, ['corp.example']],
  [
    'additions of AKS and K3s',
    {
      'kube-system/coredns': { Corefile: `${everything}import /etc/coredns/custom/*.server` },
      'kube-system/coredns-custom': {
        'corp.server': block('corp.example:53'),
        'more.override': 'forward other.example 10.0.0.1',
        notes: block('notes.example'),
      },
    },
    ['corp.example', 'other.example'],
  ],
  [
    'node-local-dns',
    { 'kube-system/node-local-dns': { Corefile: `${block('cluster.local:53')}${block('consul:53')}` } },
    ['consul'],
  ],
  [
    'kube-dns',
    { 'kube-system/kube-dns': { stubDomains: '{"Acme.Local": ["1.2.3.4"], "b.example.": []}' } },
    ['acme.local', 'b.example'],
  ],
  ['kube-dns that is no JSON', { 'kube-system/kube-dns': { stubDomains: '{' } }, []],
  ['kube-dns with a list', { 'kube-system/kube-dns': { stubDomains: '["a.example"]' } }, []],
  [
    'OpenShift',
    {
      'openshift-dns/dns-default': {
        Corefile: `${block('corp.example:5353')}.:5353 {\n forward . /etc/resolv.conf\n}`,
      },
    },
    ['corp.example'],
  ],
  ['no data', { 'kube-system/coredns': null }, []],
  ['data that is no text', { 'kube-system/coredns': { Corefile: 7 } }, []],
  [
    'names that no name is',
    {
      'kube-system/coredns': {
        Corefile: `${block('a_b.example')}${block('-x.example')}${block(`${'a'.repeat(64)}.example`)}`,
      },
    },
    [],
  ],
  [
    'what is around the own domain',
    { 'kube-system/coredns': { Corefile: `${block('local')}${block('svc.cluster.local')}` } },
    [],
  ],
])('offers stub domains of %s', async (_, maps, domains) => {
  expect(await offered(maps)).toEqual({ ok: true, value: domains });
});

test('is silent where ConfigMaps may not be read, and bounded where there are many', async () => {
  expect(await offered({}, forbidden('get', 'configmaps'))).toEqual({ ok: true, value: [] });
  const many = Array.from({ length: 300 }, (_, index) => block(`d${index}.example`)).join('');
  const found = await offered({ 'kube-system/coredns': { Corefile: many } });
  expect(found.ok && found.value.length).toBe(20);
});

test('leaves out the domain that the cluster has', async () => {
  const maps = { 'kube-system/coredns': { Corefile: `${block('k8s.example.org')}${block('corp.example')}` } };
  expect(await offered(maps, undefined, 'k8s.example.org')).toEqual({ ok: true, value: ['corp.example'] });
});
