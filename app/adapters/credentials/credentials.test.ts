import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openTestCluster, startApiServer, testdata } from '../testing/api-server.ts';
import { closedAfterEach } from '../testing/scene.ts';

const closing = closedAfterEach();
afterEach(() => vi.useRealTimers());

test('certificates and tokens in files are read again, and connections last while they are the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-files-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const put = async (name: string) => {
    await copyFile(join(testdata, `${name}.pem`), join(folder, 'c.pem'));
    await copyFile(join(testdata, `${name}-key.pem`), join(folder, 'k.pem'));
  };
  await put('expired-client');
  await writeFile(join(folder, 'token'), 'one\n');
  const ports: number[] = [];
  const server = await startApiServer(() => (response) => {
    ports.push(response.socket?.remotePort ?? 0);
    response.end(JSON.stringify({ gitVersion: 'v1.34.4' }));
  });
  closing.push(() => server.close());
  const user = {
    'client-certificate': join(folder, 'c.pem'),
    'client-key': join(folder, 'k.pem'),
    tokenFile: join(folder, 'token'),
  };
  const { cluster, close } = await openTestCluster(server.url, { user });
  closing.push(close);
  vi.useFakeTimers({ toFake: ['Date'] });
  const later = () => vi.setSystemTime(Date.now() + 60_000);
  await cluster.reach();
  later();
  await cluster.reach();
  await put('client');
  await writeFile(join(folder, 'token'), 'two\n');
  later();
  await cluster.reach();
  await rm(join(folder, 'token')); // between two writes
  later();
  expect((await cluster.reach()).ok).toBe(true);
  expect(ports[1]).toBe(ports[0]);
  expect(ports[2]).not.toBe(ports[0]);
  expect(server.requests.map(({ clientName }) => clientName).slice(1)).toEqual(['expired-client', 'client', 'client']);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer one',
    'Bearer one',
    'Bearer two',
    'Bearer two',
  ]);
});
