import { describe, expect, test, vi } from 'vitest';
import type { Catalogue } from '../../core/ports.ts';
import { type Answer, forbidden, refusal, type Seen, watchAnswer } from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';

const closing = closedAfterEach();

const service = (name: string, namespace = 'shop', more: object = {}) => ({
  metadata: { name, namespace, resourceVersion: String(Math.random()), creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    type: 'ClusterIP',
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9'],
    ports: [{ port: 80, targetPort: 'web' }],
    ...more,
  },
});
const slice = (name: string, of: string, address: string, ready: boolean | undefined, namespace = 'shop') => ({
  metadata: { name, namespace, resourceVersion: String(Math.random()), labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints: [
    { addresses: [address], conditions: { ready }, nodeName: 'n1', targetRef: { kind: 'Pod', name: `${of}-1` } },
  ],
});
const namespace = (name: string, phase = 'Active') => ({ metadata: { name, resourceVersion: '1' }, status: { phase } });
const list = (items: unknown[], resourceVersion = '10'): Answer => ({ body: { metadata: { resourceVersion }, items } });

async function open(route: (seen: Seen) => Answer | undefined) {
  return openScene(closing, route, { namespace: 'home' });
}

describe('listing', () => {
  test('joins Services with their endpoints and leaves malformed objects out', async () => {
    const { cluster } = await open(({ path }) => {
      switch (path) {
        case '/api/v1/namespaces':
          return list([namespace('shop'), namespace('going', 'Terminating')]);
        case '/api/v1/services':
          return list([
            service('orders'),
            service('headless', 'shop', { clusterIP: 'None', clusterIPs: ['None'] }),
            service('outside', 'shop', {
              type: 'ExternalName',
              externalName: 'example.org',
              clusterIP: '',
              clusterIPs: [],
            }),
            service('odd', 'shop', { type: 'Surprise' }),
            { metadata: { name: 'no-spec', namespace: 'shop' } },
            service('bad-port', 'shop', { ports: [{ port: 99_999 }] }),
          ]);
        default:
          return list([
            slice('a', 'orders', '10.244.0.5', true),
            slice('b', 'orders', '10.244.0.6', false),
            slice('c', 'orders', '10.244.0.6', undefined), // the same endpoint in two slices: ready wins
            { metadata: { name: 'bad' }, endpoints: 'no' },
          ]);
      }
    });
    const listed = await cluster.listCatalogue([]);
    const value = listed.ok ? listed.value : expect.fail(listed.problem.cause);
    expect(value.namespaces).toEqual(['shop']);
    expect(value.services.map((item) => item.name)).toEqual(['headless', 'orders', 'outside']);
    const traffic = { local: false, sticky: false, selects: false, unready: false };
    expect(value.services[0]).toMatchObject({ headless: true, addresses: [], traffic });
    expect(value.services[1]).toMatchObject({
      addresses: ['10.96.0.9'],
      ports: [{ port: 80, targetPort: 'web', protocol: 'TCP' }],
      endpoints: [
        { address: '10.244.0.5', ready: true, pod: 'orders-1', node: 'n1' },
        { address: '10.244.0.6', ready: true },
      ],
    });
    expect(value.services[2]).toMatchObject({ externalName: 'example.org', addresses: [] });
  });

  test('writes addresses of IPv6 in one form, whichever the API server keeps, and leaves out what is none', async () => {
    const { cluster } = await open(({ path }) => {
      switch (path) {
        case '/api/v1/namespaces':
          return list([namespace('shop')]);
        case '/api/v1/services':
          return list([
            service('six', 'shop', {
              clusterIP: 'FD02:0010:96:0:0::7',
              clusterIPs: ['FD02:0010:96:0:0::7', '10.96.0.9', 'a:b', 'fe80::1%eth0'],
            }),
          ]);
        default:
          return list([
            { ...slice('a', 'six', 'fd01:10:244:0::5', true), addressType: 'IPv6' },
            { ...slice('b', 'six', 'fd01:10:244::5', false), addressType: 'IPv6' },
            { ...slice('c', 'six', 'no:address', true), addressType: 'IPv6' },
          ]);
      }
    });
    const listed = await cluster.listCatalogue([]);
    const [six] = listed.ok ? listed.value.services : expect.fail(listed.problem.cause);
    expect(six?.addresses).toEqual(['fd02:10:96::7', '10.96.0.9']);
    expect(six?.endpoints.map(({ address, ready }) => ({ address, ready }))).toEqual([
      { address: 'fd01:10:244::5', ready: true },
    ]);
  });

  test('takes the home namespace where the whole cluster is refused, and says what is missing', async () => {
    const { cluster } = await open(({ path }) => {
      if (path === '/api/v1/namespaces/home/services') {
        return list([service('mine', 'home')]);
      }
      return forbidden('list', path.split('/').at(-1) ?? '');
    });
    const names = await cluster.listNamespaces();
    expect(names).toEqual({ ok: true, value: { namespaces: ['home'], complete: false } });
    const listed = await cluster.listCatalogue([]);
    const value = listed.ok ? listed.value : expect.fail(listed.problem.cause);
    expect(value.services.map((item) => item.name)).toEqual(['mine']);
    expect(value.problems.map((problem) => problem.code).sort()).toEqual(['forbidden', 'service-endpoints-unknown']);
    expect(value.problems.every((problem) => problem.severity === 'warning')).toBe(true);
  });

  test('something that is no API server is a problem, not a crash', async () => {
    const { cluster } = await open(() => ({ body: { hello: 'world' } }));
    expect(await cluster.listNamespaces()).toMatchObject({ ok: false, problem: { code: 'api-unreachable' } });
    expect(await cluster.listCatalogue([])).toMatchObject({ ok: false });
    expect(await cluster.discoverRanges()).toMatchObject({ ok: false });
    expect(await cluster.checkRights('home')).toMatchObject({ ok: true });
  });

  test('a server that fails is a problem, not an empty catalogue', async () => {
    const { cluster } = await open(() => ({ status: 500, body: refusal(500, 'InternalError', 'etcd is on fire') }));
    expect((await cluster.listNamespaces()).ok).toBe(false);
    expect((await cluster.listCatalogue([])).ok).toBe(false);
  });
});

describe('watching', () => {
  /** A server whose Services are `items` now; watches are collected in `watches`. */
  async function follow(options: { expired?: () => boolean } = {}) {
    const state = { items: [service('one')] as unknown[], lists: 0, down: false, watchedFrom: [] as (string | null)[] };
    const watches: { send: (type: string, object: unknown) => void; end: () => void }[] = [];
    const { server, cluster } = await open(({ path, query }) => {
      if (state.down) {
        return { status: 503, body: refusal(503, 'ServiceUnavailable', 'starting') };
      }
      const watched = query.get('watch') === 'true';
      if (path !== '/api/v1/services') {
        const items = path.endsWith('namespaces') ? [namespace('shop')] : [];
        return watched ? watchAnswer(() => {}) : list(items);
      }
      if (!watched) {
        state.lists += 1;
        return list(state.items, String(100 + state.lists));
      }
      state.watchedFrom.push(query.get('resourceVersion'));
      if (options.expired?.()) {
        return { status: 410, body: refusal(410, 'Expired', 'too old resource version') };
      }
      return watchAnswer((send, end) => watches.push({ send, end }));
    });
    const heard: string[][] = [];
    closing.push(
      cluster.watchCatalogue((catalogue: Catalogue) => heard.push(catalogue.services.map((item) => item.name))),
    );
    const latest = () => heard.at(-1);
    return { server, state, watches, heard, latest };
  }
  const soon = { timeout: 10_000, interval: 20 };

  test('hears additions and deletions', async () => {
    const { watches, latest } = await follow();
    await vi.waitFor(() => expect(latest()).toEqual(['one']), soon);
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    const second = service('two');
    watches[0]?.send('ADDED', second);
    await vi.waitFor(() => expect(latest()).toEqual(['one', 'two']), soon);
    watches[0]?.send('DELETED', second);
    await vi.waitFor(() => expect(latest()).toEqual(['one']), soon);
  });

  test('lists again after 410, and drops what went away meanwhile', async () => {
    let expired = false;
    const { state, watches, latest } = await follow({ expired: () => expired });
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    state.items = [service('three')];
    expired = true;
    watches[0]?.end(); // the next watch, from the old version, is refused
    await vi.waitFor(() => expect(state.lists).toBeGreaterThanOrEqual(2), soon);
    expired = false;
    await vi.waitFor(() => expect(latest()).toEqual(['three']), soon);
  });

  test('an error event of 410 inside the stream does the same', async () => {
    const { state, watches, latest } = await follow();
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    state.items = [service('four')];
    watches[0]?.send('ERROR', refusal(410, 'Expired', 'too old resource version'));
    watches[0]?.end();
    await vi.waitFor(() => expect(latest()).toEqual(['four']), soon);
  });

  test('goes on from the last bookmark', async () => {
    const { state, watches } = await follow();
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    watches[0]?.send('BOOKMARK', { metadata: { resourceVersion: '777' } });
    watches[0]?.end();
    await vi.waitFor(() => expect(state.watchedFrom.at(-1)).toBe('777'), soon);
  });

  test('comes back after the API server was cut off and away', async () => {
    const { server, state, watches, latest } = await follow();
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    state.down = true;
    server.cut();
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(8), soon);
    state.down = false;
    await vi.waitFor(() => expect(watches.length).toBeGreaterThan(1), soon);
    watches.at(-1)?.send('ADDED', service('later'));
    await vi.waitFor(() => expect(latest()).toContain('later'), soon);
  });

  test('follows the home namespace where the whole cluster is refused', async () => {
    const { cluster } = await open(({ path, query }) => {
      if (!path.startsWith('/api/v1/namespaces/home/')) {
        return forbidden('list', path.split('/').at(-1) ?? '');
      }
      return query.get('watch') === 'true' ? watchAnswer(() => {}) : list([service('mine', 'home')]);
    });
    const heard: Catalogue[] = [];
    closing.push(cluster.watchCatalogue((catalogue) => heard.push(catalogue)));
    await vi.waitFor(() => expect(heard.at(-1)?.services.map((item) => item.name)).toEqual(['mine']), soon);
    expect(heard.at(-1)?.namespaces).toEqual(['home']);
    expect(
      heard
        .at(-1)
        ?.problems.map((problem) => problem.code)
        .sort(),
    ).toEqual(['forbidden', 'forbidden', 'service-endpoints-unknown']);
  });

  test('malformed events and items are left out, and the rest goes on', async () => {
    const { state, watches, latest } = await follow();
    state.items = [service('one'), null, { metadata: null }, { metadata: { name: 7 } }, 'text'];
    await vi.waitFor(() => expect(latest()).toEqual(['one']), soon);
    await vi.waitFor(() => expect(watches.length).toBe(1), soon);
    for (const object of [null, 'text', 7, {}, { metadata: null }, { metadata: { name: null } }]) {
      for (const type of ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'SURPRISE']) {
        watches[0]?.send(type, object);
      }
    }
    watches.at(-1)?.send('ADDED', service('two'));
    await vi.waitFor(() => expect(latest()).toEqual(['one', 'two']), soon);
  });

  test('takes fresh credentials after 401', async () => {
    let refuse = false;
    const { server, cluster } = await open(({ path, query }) => {
      if (refuse) {
        return { status: 401, body: refusal(401, 'Unauthorized', 'Unauthorized') };
      }
      const items = path.endsWith('services') ? [service('one')] : [];
      return query.get('watch') === 'true' ? watchAnswer(() => {}) : list(items);
    });
    const heard: Catalogue[] = [];
    closing.push(cluster.watchCatalogue((catalogue) => heard.push(catalogue)));
    await vi.waitFor(() => expect(heard.length).toBe(1), soon);
    refuse = true;
    server.cut();
    const before = server.requests.length;
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(before + 3), soon);
    refuse = false;
    const after = server.requests.length;
    await vi.waitFor(
      () =>
        expect(
          server.requests.slice(after).filter((seen) => seen.query.get('watch') === 'true').length,
        ).toBeGreaterThan(0),
      soon,
    );
  });
});
