import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineProtocol } from '../../core/engine-messages.ts';
import { silentLog } from '../testing/api-server.ts';
import { encodeFrame, frameReader } from './frames.ts';
import { openHelper } from './helper-process.ts';

let folder: string;
let server: Server | undefined;
const sockets = new Set<Socket>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-helper-'));
});
afterEach(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

function helper(environment: Record<string, string> = { PATH: '/nowhere' }) {
  return openHelper({
    program: join(folder, 'no-helper'),
    clone: null,
    build: 'test',
    logFile: join(folder, 'log'),
    environment,
    log: silentLog,
    runtimeFolder: join(folder, 'run'),
  });
}

/** Something that listens on the helper's socket. */
async function listening(answer: (socket: Socket, request: unknown) => void) {
  const port = helper();
  await mkdir(join(port.socket, '..'), { recursive: true });
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on(
      'data',
      frameReader(
        65_536,
        (request) => answer(socket, request),
        () => {},
      ),
    );
  });
  await new Promise<void>((resolve) => server?.listen(port.socket, resolve));
  return port;
}

const reply = (value: object) => encodeFrame({ id: 1, ...value }, 65_536);

test('tells the build of the helper that answers', async () => {
  const requests: unknown[] = [];
  const port = await listening((socket, request) => {
    requests.push(request);
    socket.write(reply({ value: { protocol: engineProtocol, build: '1.2', role: 'helper' } }));
  });
  expect(await port.state()).toEqual({ state: 'ready', build: '1.2' });
  expect(await port.ensure()).toEqual({ ok: true, value: { build: '1.2' } });
  expect(requests[0]).toEqual({
    id: 1,
    operation: 'hello',
    input: { protocol: engineProtocol, build: 'test', role: 'core' },
  });
});

test.each<[string, string, (socket: Socket) => void]>([
  ['another protocol', 'helper-version', (socket) => socket.write(reply({ value: { protocol: 9, build: 'x' } }))],
  ['a refusal', 'helper-busy', (socket) => socket.write(reply({ problem: { code: 'helper-busy', cause: 'no' } }))],
  ['garbage', 'helper-version', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a closed door', 'helper-refused', (socket) => socket.end()],
])('%s is a refusal, and no second helper is started', async (_, code, answer) => {
  const port = await listening((socket) => answer(socket));
  expect(await port.state()).toMatchObject({ state: 'refused', because: { code } });
  expect(await port.ensure()).toMatchObject({ ok: false, problem: { code } });
});

test('a helper that is not installed is missing, not an error of its own kind', async () => {
  expect(await helper().state()).toEqual({ state: 'absent', program: join(folder, 'no-helper'), isClone: false });
  expect(await helper().ensure()).toMatchObject({ ok: false, problem: { code: 'helper-program-missing' } });
});
