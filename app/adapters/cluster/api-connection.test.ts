import { getEventListeners } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Answer, authority, type Seen, startApiServer } from '../testing/api-server.ts';
import { closedAfterEach, tokenCredentials } from '../testing/scene.ts';
import { ApiConnection } from './api-connection.ts';
import { BoundedWatch } from './api-watch.ts';
import { statusCodeOf } from './refusals.ts';

const closing = closedAfterEach();

async function open(route: (seen: Seen) => Answer | undefined, deadline = 10_000) {
  const server = await startApiServer(route);
  closing.push(() => server.close());
  const address = { server: server.url, certificateAuthority: authority };
  const connection = new ApiConnection(address, tokenCredentials, { deadline });
  closing.push(() => connection.close());
  return { server, connection };
}

describe('an answer that stays open', () => {
  const nothingOf = (signal: AbortSignal) =>
    expect.poll(() => getEventListeners(signal, 'abort').length, { timeout: 5000 }).toBe(0);

  test.each<[string, string]>([
    ['the API server ends it', '/ended'],
    ['it is refused', '/refused'],
    ['the connection breaks', '/broken'],
    ['nobody reads on', '/unread'],
  ])('leaves nothing in the signal of whoever asked when %s', async (_, where) => {
    const { connection } = await open(({ path }) =>
      path === '/refused'
        ? { status: 403, body: {} }
        : (response) => {
            response.write('{}\n');
            setTimeout(() => (path === '/broken' ? response.destroy() : path === '/ended' && response.end()), 20);
          },
    );
    const living = new AbortController();
    const following = connection.stream(where, {}, living.signal).then(async (answer) => {
      expect(getEventListeners(living.signal, 'abort')).toHaveLength(1);
      for await (const _chunk of answer) {
        if (where === '/unread') {
          break;
        }
      }
    });
    await following.catch(() => undefined);
    await nothingOf(living.signal);
  });

  test.each([
    ['itself', 'watch'],
    ['whoever asked', 'caller'],
  ])('a watch that is ended by %s leaves nothing in the signal that lives on', async (_, by) => {
    const { connection } = await open(() => (response) => {
      response.write('{}\n');
      setTimeout(() => by === 'watch' && response.end(), 20);
    });
    const living = new AbortController();
    const watch = new BoundedWatch(connection, { beginning: () => {}, event: () => {} }, living.signal);
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    const stopping = await watch.watch('/', {}, () => {}, done);
    expect(getEventListeners(living.signal, 'abort')).toHaveLength(1);
    if (by === 'caller') {
      stopping.abort();
    }
    await expect.poll(() => isDone, { timeout: 5000 }).toBe(true);
    await nothingOf(living.signal);
  });
});

describe('requests', () => {
  test('share a few connections', async () => {
    const ports = new Set<number>();
    const { connection } = await open(() => (response) => {
      ports.add(response.socket?.remotePort ?? 0);
      setTimeout(() => response.end('{}'), 5);
    });
    await Promise.all(Array.from({ length: 40 }, (_, index) => connection.get(`/${index}`)));
    expect(ports.size).toBeLessThanOrEqual(8);
  });

  test('are read where the answer is packed', async () => {
    const { connection } = await open(({ headers }) => (response) => {
      expect(headers['accept-encoding']).toContain('gzip');
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('{"items":[]}'));
    });
    expect(await connection.get('/')).toEqual({ items: [] });
  });

  test('are sent again where a kept connection had just ended', async () => {
    let breaks = false;
    const { connection, server } = await open(() => (response) => {
      if (breaks) {
        breaks = false;
        response.socket?.destroy();
      } else {
        response.end('{}');
      }
    });
    await connection.get('/first');
    breaks = true;
    expect(await connection.get('/again')).toEqual({});
    expect(server.requests.filter(({ path }) => path === '/again')).toHaveLength(2);
  });

  test('end with their deadline, also in the middle of an answer', async () => {
    const { connection } = await open(
      ({ path }) =>
        (response) => {
          if (path === '/half') {
            response.write('{');
          }
        },
      200,
    );
    for (const path of ['/none', '/half']) {
      const explained = await connection.ask(
        { verb: 'get', group: '', resource: path, namespace: '', purpose: 'other' },
        () => connection.get(path),
      );
      expect(explained).toMatchObject({ ok: false, problem: { code: 'api-unreachable', cause: 'no answer in time' } });
    }
  });

  test('are not led elsewhere', async () => {
    const { connection, server } = await open(() => (response) => {
      response.writeHead(302, { location: 'https://elsewhere.invalid/login' });
      response.end();
    });
    const asked = { verb: 'get', group: '', resource: 'x', namespace: '', purpose: 'other' } as const;
    const answer = await connection.ask(asked, () => connection.get('/x'));
    expect(answer).toMatchObject({ ok: false, problem: { code: 'api-unreachable' } });
    expect(server.requests).toHaveLength(1);
  });

  test('are led on within the same server, not for ever', async () => {
    const { connection, server } = await open(({ path }) =>
      path === '/end'
        ? { body: { there: true } }
        : (response) => {
            response.writeHead(307, { location: path === '/round' ? '/round' : '/end' });
            response.end();
          },
    );
    expect(await connection.get('/begin')).toEqual({ there: true });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer abc', 'Bearer abc']);
    const round = await connection.attempt(() => connection.get('/round'));
    expect(round.ok ? null : statusCodeOf(round.error)).toBe(307);
    expect(server.requests.length).toBeLessThan(15);
  });

  test('carry the status and the words of a refusal', async () => {
    const { connection } = await open(() => ({ status: 409, body: { message: 'already exists' } }));
    const attempt = await connection.attempt(() => connection.post('/x', {}));
    expect(attempt.ok ? null : statusCodeOf(attempt.error)).toBe(409);
  });
});
