/**
 * A catalogue of thousands of Services that change all the time, for a front before a real API server (api-front.ts): lists are
 * the server's own with these added, watches are these alone, by the rules of KEP-365 and the API concepts: they begin where the
 * list was, replay what came since, and end with 410 where that is no longer known.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface CrowdSettings {
  readonly services: number;
  readonly namespaces: number;
  readonly changesPerSecond: number;
  /** After so many seconds all that came before is forgotten, and watches are told 410. */
  readonly forgetSeconds: number;
}

export type Crowd = (request: IncomingMessage, response: ServerResponse, upstream: Upstream) => boolean;

/** Asks the real API server the same. */
export type Upstream = (request: IncomingMessage) => Promise<{ readonly status: number; readonly body: string }>;

type Kind = 'namespaces' | 'services' | 'endpointslices';
interface KubernetesObject {
  readonly metadata: Readonly<Record<string, unknown>>;
}
interface Change {
  readonly version: number;
  readonly line: string;
}
/** What pages of a list are still to come: it is read as it was when it began. */
interface Begun {
  readonly version: number;
  readonly head: object;
  readonly items: readonly KubernetesObject[];
}
interface Table {
  readonly objects: Map<string, KubernetesObject>;
  changes: Change[];
  readonly watchers: Set<(line: string) => void>;
}

const paths: Readonly<Record<string, Kind>> = {
  '/api/v1/namespaces': 'namespaces',
  '/api/v1/services': 'services',
  '/apis/discovery.k8s.io/v1/endpointslices': 'endpointslices',
};
const apiVersions: Readonly<Record<Kind, string>> = {
  namespaces: 'v1',
  services: 'v1',
  endpointslices: 'discovery.k8s.io/v1',
};
const expired = {
  ...{ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 },
  message: 'too old resource version',
};
/** Far above any version of a sandbox, so that versions only rise. */
const firstVersion = 1_000_000_000;

/** In the sandbox's range of Services, away from those that it gave out (most of them). */
const clusterAddressOf = (index: number) => `10.96.${64 + (index >> 8)}.${index & 255}`;
const addressOf = (network: number, index: number) => `10.${network}.${index >> 8}.${index & 255}`;

/** What objects of real clusters have besides, and nobody is shown: most of their bytes. */
const unseen = (name: string, namespace: string) => ({
  uid: `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').slice(-12).padStart(12, '0')}`,
  annotations: {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { annotations: {}, labels: { app: name }, name, namespace } },
      spec: { ports: [{ name: 'database', port: 5432, targetPort: 5432 }], selector: { app: name }, type: 'ClusterIP' },
    }),
  },
  managedFields: ['helm', 'kubectl-client-side-apply'].map((manager) => ({
    ...{ manager, operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1' },
    fieldsV1: {
      'f:metadata': { 'f:annotations': { '.': {} }, 'f:labels': { '.': {}, 'f:app': {}, 'f:team': {} } },
      'f:spec': { 'f:internalTrafficPolicy': {}, 'f:ports': { '.': {} }, 'f:selector': {}, 'f:type': {} },
    },
  })),
});

export function createCrowd({ services, namespaces, changesPerSecond, forgetSeconds }: CrowdSettings): Crowd {
  let version = firstVersion;
  let lists = 0;
  const begun = new Map<string, Begun>(); // by the token that continues it
  const table = (): Table => ({ objects: new Map(), changes: [], watchers: new Set() });
  const tables: Readonly<Record<Kind, Table>> = { namespaces: table(), services: table(), endpointslices: table() };

  const namespaceOf = (index: number) => `crowd-${index % namespaces}`;
  const metadata = (name: string, namespace: string, more: object = {}) => ({
    ...(namespace === '' ? {} : { namespace }),
    name,
    resourceVersion: String(version),
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...more,
    ...unseen(name, namespace),
  });
  const service = (index: number) => ({
    metadata: metadata(`service-${index}`, namespaceOf(index), {
      labels: { app: `service-${index}`, team: `${index % 40}` },
    }),
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterAddressOf(index),
      clusterIPs: [clusterAddressOf(index)],
      selector: { app: `service-${index}` },
      ports: [{ name: 'database', port: 5432, targetPort: 5432, protocol: 'TCP' }],
    },
  });
  const slice = (index: number, isReady: boolean) => ({
    metadata: metadata(`service-${index}-x1`, namespaceOf(index), {
      labels: { 'kubernetes.io/service-name': `service-${index}` },
    }),
    addressType: 'IPv4',
    ports: [{ name: 'database', port: 5432, protocol: 'TCP' }],
    endpoints: [0, 1, 2].map((number) => ({
      addresses: [addressOf(200 + number, index)],
      conditions: { ready: number > 0 || isReady },
      nodeName: `node${(index + number) % 20}`,
      targetRef: { kind: 'Pod', name: `service-${index}-${number}`, namespace: namespaceOf(index) },
    })),
  });

  function put(kind: Kind, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): void {
    const { name, namespace } = object.metadata as { name: string; namespace?: string };
    const { objects, changes, watchers } = tables[kind];
    if (type === 'DELETED') {
      objects.delete(`${namespace}/${name}`);
    } else {
      objects.set(`${namespace}/${name}`, object);
    }
    const line = `${JSON.stringify({ type, object })}\n`;
    changes.push({ version, line });
    for (const tell of watchers) {
      tell(line);
    }
  }

  for (let index = 0; index < namespaces; index += 1) {
    put('namespaces', 'ADDED', {
      ...{ metadata: metadata(`crowd-${index}`, '') },
      ...{ status: { phase: 'Active' } },
    });
  }
  for (let index = 0; index < services; index += 1) {
    put('services', 'ADDED', service(index));
    put('endpointslices', 'ADDED', slice(index, true));
  }
  const forget = () => {
    const line = `${JSON.stringify({ type: 'ERROR', object: expired })}\n`;
    begun.clear();
    for (const one of Object.values(tables)) {
      one.changes = [];
      for (const tell of one.watchers) {
        tell(line);
      }
      one.watchers.clear();
    }
  };
  forget();

  let round = 0;
  setInterval(() => {
    for (let change = 0; change < changesPerSecond / 10; change += 1) {
      round += 1;
      version += 1;
      const index = (round * 7919) % services;
      const isThere = tables.services.objects.has(`${namespaceOf(index)}/service-${index}`);
      if (!isThere) {
        put('services', 'ADDED', service(index));
        put('endpointslices', 'ADDED', slice(index, true));
      } else if (round % 10 === 0) {
        put('services', 'DELETED', service(index));
        put('endpointslices', 'DELETED', slice(index, true));
      } else {
        put('endpointslices', 'MODIFIED', slice(index, round % 2 === 0));
      }
    }
  }, 100).unref();
  setInterval(forget, forgetSeconds * 1000).unref();

  async function list(
    kind: Kind,
    request: IncomingMessage,
    response: ServerResponse,
    upstream: Upstream,
  ): Promise<void> {
    const asked = new URL(request.url ?? '/', 'https://api').searchParams;
    const limit = Number(asked.get('limit') ?? Number.POSITIVE_INFINITY);
    const token = asked.get('continue');
    let rest = token === null ? undefined : begun.get(token);
    if (rest === undefined) {
      if (token !== null) {
        response.writeHead(410, { 'content-type': 'application/json' }).end(JSON.stringify(expired));
        return;
      }
      const { status, body } = await upstream(request);
      if (status !== 200) {
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
        return;
      }
      const real = JSON.parse(body) as { items: KubernetesObject[] };
      rest = { version, head: real, items: [...real.items, ...tables[kind].objects.values()] };
    }
    begun.delete(token ?? '');
    const items = rest.items.slice(0, limit);
    const metadata = { resourceVersion: String(rest.version), continue: '' };
    if (items.length < rest.items.length) {
      lists += 1;
      metadata.continue = `list-${lists}`;
      begun.set(metadata.continue, { ...rest, items: rest.items.slice(limit) });
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...rest.head, metadata, items }));
  }

  function watch(kind: Kind, from: number, response: ServerResponse): void {
    const { changes, watchers } = tables[kind];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const tell = (line: string) => {
      response.write(line);
      if (line.startsWith('{"type":"ERROR"')) {
        clearInterval(bookmarks);
        response.end();
      }
    };
    const bookmark = { kind: 'Bookmark', apiVersion: apiVersions[kind] };
    const bookmarks = setInterval(
      () =>
        tell(
          `${JSON.stringify({ type: 'BOOKMARK', object: { ...bookmark, metadata: { resourceVersion: String(version) } } })}\n`,
        ),
      10_000,
    );
    for (const change of changes) {
      if (change.version > from) {
        tell(change.line);
      }
    }
    watchers.add(tell);
    response.once('close', () => {
      clearInterval(bookmarks);
      watchers.delete(tell);
    });
  }

  return (request, response, upstream) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://api');
    const kind = paths[pathname];
    if (request.method !== 'GET' || kind === undefined) {
      return false;
    }
    if (searchParams.get('watch') === 'true') {
      watch(kind, Number(searchParams.get('resourceVersion') ?? version), response);
    } else {
      list(kind, request, response, upstream).catch(() => response.destroy());
    }
    return true;
  };
}
