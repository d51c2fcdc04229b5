/** Lists in pages, against an API server that forgets what was begun, that never ends, and that is as it should be. */
import { expect, test } from 'vitest';
import { type Answer, authority, refusal, type Seen, startApiServer } from '../testing/api-server.ts';
import { closedAfterEach, tokenCredentials } from '../testing/scene.ts';
import { ApiConnection } from './api-connection.ts';
import { serviceOf } from './catalogue-objects.ts';
import { listKept } from './kept-lists.ts';

const closing = closedAfterEach();

async function open(route: (seen: Seen) => Answer | undefined) {
  const server = await startApiServer(route);
  closing.push(() => server.close());
  const connection = new ApiConnection({ server: server.url, certificateAuthority: authority }, tokenCredentials, {
    firstPause: 10,
  });
  closing.push(() => connection.close());
  return { server, connection };
}

const objectOf = (index: number) => ({
  metadata: {
    ...{ name: `s-${index}`, namespace: 'shop', resourceVersion: '7', labels: { app: 'shop' } },
    ...{ annotations: { unseen: 'x'.repeat(5000) }, managedFields: [{ manager: 'helm' }] },
  },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
});
const pageOf = (from: number, length: number, token: string): Answer => ({
  body: {
    metadata: { resourceVersion: '9', continue: token },
    items: Array.from({ length }, (_, index) => objectOf(from + index)),
  },
});
const namesOf = (list: { readonly items: readonly { readonly item: { readonly name: string } | null }[] }) =>
  list.items.map(({ item }) => item?.name);

test('every object of every page is there, once, without what nobody is shown', async () => {
  const { connection, server } = await open(({ query }) => {
    const page = Number(query.get('continue') ?? '0');
    return pageOf(page * 3, page === 2 ? 1 : 3, page === 2 ? '' : String(page + 1));
  });
  const list = await listKept(connection, '/api/v1/services', serviceOf, { page: 3, bytes: 1 << 20 });
  expect(namesOf(list)).toEqual(Array.from({ length: 7 }, (_, index) => `s-${index}`));
  expect(list.metadata?.resourceVersion).toBe('9');
  expect(list.items[0]?.metadata).toEqual({ name: 's-0', namespace: 'shop', resourceVersion: '7' });
  expect(list.items[0]?.item?.labels).toEqual({ app: 'shop' });
  expect(JSON.stringify(list)).not.toMatch(/unseen|helm/);
  expect(server.requests.map(({ query }) => query.get('limit'))).toEqual(['3', '3', '3']);
});

test('where the API server forgot what was begun, all is read at once', async () => {
  const { connection } = await open(({ query }) => {
    if (query.get('continue') !== null) {
      return { status: 410, body: refusal(410, 'Expired', 'The provided continue parameter is too old') };
    }
    return query.get('limit') === null ? pageOf(0, 7, '') : pageOf(0, 3, 'old');
  });
  const list = await listKept(connection, '/api/v1/services', serviceOf, { page: 3, bytes: 1 << 20 });
  expect(namesOf(list)).toEqual(Array.from({ length: 7 }, (_, index) => `s-${index}`));
});

test.each([
  ['bytes', { bytes: 100_000 }],
  ['objects', { objects: 20 }],
])('pages without end are followed up to a bound of %s', async (_, bound) => {
  let pages = 0;
  const { connection } = await open(() => {
    pages += 1;
    return pageOf(pages * 3, 3, String(pages));
  });
  const listed = listKept(connection, '/api/v1/services', serviceOf, { page: 3, ...bound });
  await expect(listed).rejects.toMatchObject({ problem: { code: 'answer-too-large' } });
  expect(pages).toBeLessThan(12);
});
