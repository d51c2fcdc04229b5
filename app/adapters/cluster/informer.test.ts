import { expect, test, vi } from 'vitest';
import { authority, startApiServer, watchAnswer } from '../testing/api-server.ts';
import { closedAfterEach, tokenCredentials } from '../testing/scene.ts';
import { ApiConnection } from './api-connection.ts';
import { startInformer } from './informer.ts';

const closing = closedAfterEach();

test('watches from where the list was, and only what is selected', async () => {
  const told: string[] = [];
  const { url, requests, close } = await startApiServer(({ query }) =>
    query.get('watch') === 'true'
      ? watchAnswer((send) => send('ADDED', { metadata: { name: 'b', namespace: 'shop', resourceVersion: '8' } }))
      : { body: { metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'a', namespace: 'shop' } }] } },
  );
  closing.push(close);
  const connection = new ApiConnection({ server: url, certificateAuthority: authority }, tokenCredentials);
  closing.push(() => connection.close());
  const path = '/api/v1/pods';
  const { end } = startInformer(
    connection,
    path,
    () => connection.list(path),
    {
      told: ({ metadata }) => told.push(metadata?.name ?? ''),
      changed: () => {},
      refused: () => true,
    },
    { labelSelector: 'app=shop' },
  );
  closing.push(end);
  await vi.waitFor(() => expect(told).toEqual(['a', 'b']), 5_000);
  const watched = Object.fromEntries(requests.at(-1)?.query ?? []);
  expect(watched).toMatchObject({ watch: 'true', resourceVersion: '7', labelSelector: 'app=shop' });
});
