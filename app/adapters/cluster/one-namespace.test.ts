/** The commonest restricted user: rights in one namespace, which is not the one that the kubeconfig names. */
import { expect, test, vi } from 'vitest';
import type { Catalogue } from '../../core/ports.ts';
import { type Answer, forbidden, type Seen, watchAnswer } from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';

const closing = closedAfterEach();

const of = (namespace: string, name: string, address: string) => ({
  metadata: { name, namespace, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { type: 'ClusterIP', clusterIP: address, clusterIPs: [address], ports: [{ port: 80 }] },
});
const list = (items: unknown[]): Answer => ({ body: { metadata: { resourceVersion: '10' }, items } });

/** An API server that shows these namespaces and nothing else. */
async function open(namespaces: readonly string[], own = 'webshop') {
  const { cluster } = await openScene(
    closing,
    (seen: Seen): Answer | undefined => {
      if (seen.path.endsWith('selfsubjectaccessreviews')) {
        const { namespace } = JSON.parse(seen.body).spec.resourceAttributes;
        return { body: { status: { allowed: namespaces.includes(namespace) } } };
      }
      const [, namespace = '', resource = ''] = /\/namespaces\/([^/]+)\/(\w+)$/.exec(seen.path) ?? [];
      if (!namespaces.includes(namespace) || seen.method !== 'GET') {
        return forbidden('list', seen.path);
      }
      if (seen.query.get('watch') !== null) {
        return watchAnswer(() => {});
      }
      switch (resource) {
        case 'services':
          return list([of(namespace, `of-${namespace}`, '10.96.33.5')]);
        case 'pods':
          return list([
            {
              metadata: { name: 'p', namespace },
              spec: { containers: [] },
              status: { podIPs: [{ ip: '10.244.1.9' }] },
            },
          ]);
        default:
          return list([]);
      }
    },
    { namespace: own },
  );
  return cluster;
}

test.each(['webshop', ''])('its ranges and names are found where it was chosen, not in "%s"', async (own) => {
  const cluster = await open(['lone'], own);
  cluster.lookInto('lone');
  expect(await cluster.discoverRanges()).toMatchObject({
    ok: true,
    value: [
      { kind: 'services', origin: 'observed-services' },
      { kind: 'pods', origin: 'observed-pods' },
    ],
  });
  expect(await cluster.listNamespaces()).toEqual({ ok: true, value: { namespaces: ['lone'], complete: false } });
  const listed = await cluster.listCatalogue([]);
  expect(listed).toMatchObject({ value: { services: [{ name: 'of-lone', namespace: 'lone' }] } });
  expect(await cluster.listPods([])).toMatchObject({ value: { pods: [{ namespace: 'lone', name: 'p' }] } });
});

test('what is watched follows a namespace that is chosen later', async () => {
  const cluster = await open(['lone', 'other']);
  const seen: Catalogue[] = [];
  cluster.lookInto('lone');
  closing.push(cluster.watchCatalogue((catalogue) => seen.push(catalogue)));
  await vi.waitFor(() => expect(seen.at(-1)?.services).toMatchObject([{ name: 'of-lone' }]));
  expect(seen.at(-1)?.namespaces).toEqual(['lone']);
  // That its endpoints are those of one namespace takes nothing away.
  expect(seen.at(-1)?.problems.map(({ code }) => code)).toEqual(['forbidden', 'forbidden']);
  cluster.lookInto('other');
  await vi.waitFor(() => expect(seen.at(-1)?.services).toMatchObject([{ name: 'of-other' }]));
  expect(seen.at(-1)?.namespaces).toEqual(['other']);
});

test('each missing right is said once, all of one kind together', async () => {
  const cluster = await open(['lone']);
  const rights = await cluster.checkRights('lone');
  expect(rights.ok && rights.value).toMatchObject([
    {
      code: 'forbidden',
      severity: 'warning',
      facts: { verb: 'list, watch', resource: 'namespaces, services, endpointslices, nodes, pods, servicecidrs' },
    },
  ]);
});
