/** An API server, or a load balancer before it, that cannot serve for a moment, or for longer. */
import { describe, expect, test } from 'vitest';
import { type Cause, causeText } from '../../contract/index.ts';
import { type Answer, authority, openTestCluster, refusal, type Seen, startApiServer } from '../testing/api-server.ts';
import { closedAfterEach, tokenCredentials } from '../testing/scene.ts';
import { ApiConnection } from './api-connection.ts';
import { statusCodeOf } from './refusals.ts';

const closing = closedAfterEach();

const never = new AbortController().signal;
const asked = { verb: 'get', group: '', resource: 'x', namespace: '', purpose: 'other' } as const;

async function open(route: (seen: Seen) => Answer | undefined) {
  const server = await startApiServer(route);
  closing.push(() => server.close());
  const connection = new ApiConnection({ server: server.url, certificateAuthority: authority }, tokenCredentials, {
    firstPause: 10,
  });
  closing.push(() => connection.close());
  const told: (Cause | null)[] = [];
  connection.onWaiting = (detail) => told.push(detail);
  return { server, connection, told };
}

const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
const saying = (status: number, reason: string, message: string, headers: Record<string, string> = {}) =>
  answering(status, JSON.stringify(refusal(status, reason, message)), headers);
const resetting: Answer = (response) => response.socket?.destroy();
const page = '<html><body>503 Service Unavailable</body></html>';

const passing: [string, Answer][] = [
  ['429 with Retry-After', saying(429, 'TooManyRequests', 'The apiserver is overloaded', { 'retry-after': '0' })],
  ['429 without it', saying(429, 'TooManyRequests', 'too many requests, please try again later')],
  ['429 of a store that begins', saying(429, 'TooManyRequests', 'storage is (re)initializing')],
  ['500 with Retry-After', saying(500, 'ServerTimeout', 'timed out', { 'retry-after': '0' })],
  ['500 of etcd', saying(500, 'InternalError', 'etcdserver: leader changed')],
  ['500 of a slow etcd', saying(500, 'InternalError', 'etcdserver: request timed out')],
  ['503 of an API server that begins', saying(503, 'ServiceUnavailable', 'apiserver not ready')],
  ['503 page of a load balancer', answering(503, page, { 'content-type': 'text/html' })],
  ['502 page of a load balancer', answering(502, page, { 'content-type': 'text/html' })],
  ['504 Timeout', saying(504, 'Timeout', 'request did not complete within the allotted timeout')],
  ['a reset connection', resetting],
];

describe('an API server that cannot serve for a moment', () => {
  test.each(passing)('answers after %s', async (_, trouble) => {
    const { connection, server, told } = await open(({ path, method }) =>
      server.requests.filter((seen) => seen.path === path && seen.method === method).length === 1
        ? trouble
        : { body: { items: [], done: true } },
    );
    const object = { metadata: { name: 'a' } };
    await expect(connection.get('/get')).resolves.toMatchObject({ done: true });
    await expect(connection.list('/list')).resolves.toMatchObject({ items: [] });
    await expect(connection.patch('/patch', {})).resolves.toBeUndefined();
    await expect(connection.delete('/delete', {})).resolves.toBeUndefined();
    await expect(connection.post('/review', {})).resolves.toMatchObject({ done: true });
    await expect(connection.create('/jobs', object, never)).resolves.toMatchObject({ done: true });
    expect(server.requests).toHaveLength(12);
    expect(told.at(-1)).toBeNull();
    expect(causeText(told[0] ?? '')).not.toContain('<');
  });

  test('makes one object, whatever it answered', async () => {
    let stored: { metadata: { name: string; annotations: Record<string, string> } } | null = null;
    const { connection, server } = await open(({ method, body, path }) => {
      if (method === 'GET') {
        return path === '/jobs/a' && stored !== null ? { body: stored } : undefined;
      }
      if (stored !== null) {
        return { status: 409, body: refusal(409, 'AlreadyExists', 'jobs.batch "a" already exists') };
      }
      stored = JSON.parse(body);
      return saying(500, 'InternalError', 'etcdserver: request timed out');
    });
    const made = await connection.create('/jobs', { metadata: { name: 'a', labels: { b: 'c' } } }, never);
    expect(made.metadata).toMatchObject({ name: 'a', labels: { b: 'c' } });
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
    const again = await connection.attempt(() => connection.create('/jobs', { metadata: { name: 'a' } }, never));
    expect(again.ok ? null : statusCodeOf(again.error)).toBe(409);
  });

  test("takes nobody else's object for its own", async () => {
    const { connection, server } = await open(({ method }) =>
      method === 'GET'
        ? { body: { metadata: { name: 'a', annotations: { 'slipway.dev/request': 'of another' } } } }
        : server.requests.length === 1
          ? resetting
          : { status: 409, body: refusal(409, 'AlreadyExists', 'jobs.batch "a" already exists') },
    );
    const made = await connection.attempt(() => connection.create('/jobs', { metadata: { name: 'a' } }, never));
    expect(made.ok ? null : statusCodeOf(made.error)).toBe(409);
  });
});

describe('an API server that stays busy', () => {
  test.each(passing.filter(([name]) => !/502|reset/.test(name)))(
    'with %s is called busy',
    async (_, trouble) => {
      const { connection, server } = await open(() => trouble);
      const answer = await connection.ask(asked, () => connection.get('/x'));
      expect(answer).toMatchObject({ ok: false, problem: { code: 'api-busy', severity: 'error' } });
      expect(answer.ok ? '' : answer.problem.cause).not.toContain('<');
      expect(server.requests.length).toBeGreaterThan(3);
      expect(server.requests.length).toBeLessThan(13);
    },
    30_000,
  );

  test('is not waited for longer than a user would', async () => {
    const trouble = saying(429, 'TooManyRequests', 'come back later', { 'retry-after': '3600' });
    const { connection, server } = await open(() => trouble);
    const answer = await connection.ask(asked, () => connection.get('/x'));
    expect(answer).toMatchObject({ ok: false, problem: { code: 'api-busy' } });
    expect(server.requests).toHaveLength(1);
  });

  test('is left at once by who stops', async () => {
    const trouble = saying(429, 'TooManyRequests', 'later', { 'retry-after': '40' });
    const { connection, told } = await open(() => trouble);
    const stopping = new AbortController();
    connection.onWaiting = (detail) => {
      told.push(detail);
      stopping.abort(new Error('stopped'));
    };
    await expect(connection.create('/jobs', { metadata: { name: 'a' } }, stopping.signal)).rejects.toThrow('stopped');
    expect(told.at(-1)).toBeNull();
    const waiting = connection.attempt(() => connection.get('/x'));
    connection.onWaiting = () => connection.close();
    expect((await waiting).ok).toBe(false);
  });

  test.each([
    ['an admission', 500, 'Internal error occurred: failed calling webhook "a.b": no endpoints available'],
    ['a policy', 503, 'admission webhook "a.b" denied the request: no'],
    ['a route that it lacks', 501, 'not implemented'],
  ])('is not found in the verdict of %s', async (_, status, message) => {
    const { connection, server } = await open(() => saying(status, 'InternalError', message));
    const made = await connection.ask(asked, () => connection.create('/jobs', { metadata: { name: 'a' } }, never));
    expect(made.ok ? '' : made.problem.code).not.toBe('api-busy');
    expect(server.requests).toHaveLength(1);
  });
});

test('a watch that is told to wait comes back then', async () => {
  let watches = 0;
  const service = {
    metadata: { namespace: 'home', name: 'orders', resourceVersion: '2' },
    spec: { clusterIP: '10.0.0.1' },
  };
  const server = await startApiServer(({ path, query }) => {
    const isWatch = query.get('watch') === 'true';
    if (isWatch && path.endsWith('/services')) {
      watches += 1;
      return watches < 3
        ? saying(429, 'TooManyRequests', 'busy', { 'retry-after': '1' })
        : (response) => {
            response.writeHead(200);
            response.write(`${JSON.stringify({ type: 'ADDED', object: service })}\n`);
          };
    }
    return isWatch ? (response) => response.writeHead(200).flushHeaders() : { body: { metadata: {}, items: [] } };
  });
  closing.push(() => server.close());
  const { cluster, close } = await openTestCluster(server.url);
  closing.push(close);
  const seen = await new Promise<string>((resolve) => {
    cluster.watchCatalogue(({ services }) => services[0] && resolve(services[0].name));
  });
  expect(seen).toBe('orders');
}, 20_000);
