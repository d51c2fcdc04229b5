import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiConnection } from '../cluster/api-connection.ts';
import type { CredentialSource } from '../credentials/credentials.ts';
import { authority, testdata } from '../testing/api-server.ts';
import { type AgentBinary, sendBinary } from './send-binary.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

const kept = { bearerToken: 'abc' };
const credentials: CredentialSource = {
  get: async () => ({ ok: true, value: kept }),
  close: () => {},
};
const binary: AgentBinary = { plain: Buffer.alloc(300_000, 'a'), packed: Buffer.from('packed'), sha256: 'sum' };
const never = new AbortController().signal;

/** An API server that knows pods/exec only. */
async function serve(talk: (socket: WebSocket, command: string[]) => void, refuse = 0) {
  const server = createServer({
    cert: readFileSync(join(testdata, 'server.pem')),
    key: readFileSync(join(testdata, 'server-key.pem')),
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' });
  const seen: { url: URL; authorization: string | undefined }[] = [];
  server.on('upgrade', (request, stream, head) => {
    const url = new URL(request.url ?? '', 'https://api');
    seen.push({ url, authorization: request.headers.authorization });
    if (refuse !== 0) {
      stream.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => talk(socket, url.searchParams.getAll('command')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificateAuthority: authority,
  };
  const connection = new ApiConnection(address, credentials);
  closing.push(() => {
    connection.close();
    for (const socket of sockets.clients) {
      socket.terminate();
    }
    server.close();
  });
  const send = (signal = never) => sendBinary(connection, 'team', 'agent-1', 'busybox', binary, signal);
  return { send, seen };
}

const output = (text: string) => Buffer.concat([Buffer.of(1), Buffer.from(text)]);
const errors = (text: string) => Buffer.concat([Buffer.of(2), Buffer.from(text)]);
const status = (value: object) => Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(value))]);

describe('sending the binary into a pod', () => {
  test.each([
    ['packed', binary.packed],
    ['plain', binary.plain],
  ])('gives what the shell asks for: %s', async (form, expected) => {
    let input = Buffer.alloc(0);
    const { send, seen } = await serve((socket) => {
      socket.send(output(form === 'packed' ? 'pack' : 'pla'));
      socket.send(output(form === 'packed' ? 'ed\n' : 'in\n'));
      socket.on('message', (message: Buffer) => {
        expect(message[0]).toBe(0);
        input = Buffer.concat([input, message.subarray(1)]);
        if (input.length === expected.length) {
          socket.send(output('sent\n'));
          socket.send(status({ status: 'Success' }));
        }
      });
    });
    expect(await send()).toMatchObject({ ok: true });
    expect(input.equals(expected)).toBe(true);
    const [{ url, authorization } = expect.fail('nothing was asked')] = seen;
    expect(authorization).toBe('Bearer abc');
    expect(url.pathname).toBe('/api/v1/namespaces/team/pods/agent-1/exec');
    expect(url.searchParams.getAll('command').slice(-3)).toEqual(['300000', '6', 'sum']);
  });

  test('tells what the shell said when it failed', async () => {
    const { send } = await serve((socket) => {
      socket.send(errors('the image lacks chmod, mv or head'));
      socket.send(status({ status: 'Failure', message: 'command terminated with exit code 41' }));
    });
    expect(await send()).toMatchObject({ ok: false, problem: { code: 'agent-no-shell', facts: { image: 'busybox' } } });
  });

  const endless = (socket: WebSocket, message: Buffer) => {
    const more = () => {
      if (socket.readyState === socket.OPEN) {
        socket.send(message, () => setImmediate(more));
      }
    };
    more();
  };
  test.each<[string, (socket: WebSocket) => void]>([
    ['words without end', (socket) => endless(socket, output('x'.repeat(10_000)))],
    ['errors without end', (socket) => endless(socket, errors('x'.repeat(10_000)))],
    ['one message without end', (socket) => socket.send(output('x'.repeat(1 << 20)))],
    ['a stream that there is not', (socket) => socket.send(Buffer.of(9, 9), () => socket.close())],
    ['an empty message', (socket) => socket.send(Buffer.alloc(0), () => socket.close())],
    ['text', (socket) => socket.send('text', () => socket.close())],
    ['an end that is no status', (socket) => socket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":')]))],
    [
      'an end, and goes on',
      (socket) => [status({ status: 'Failure' }), output('more'), status({})].map((m) => socket.send(m)),
    ],
  ])('is a problem where the API server sends %s', async (_, talk) => {
    const sent = await (await serve(talk)).send();
    expect(sent.ok ? 'sent' : sent.problem.code).toMatch(/^agent-(unreachable|crashed)$/);
  });

  test('tells a refused right, a way that breaks and a stop', async () => {
    expect(await (await serve(() => {}, 403)).send()).toMatchObject({ ok: false, problem: { code: 'forbidden' } });
    const broken = await (await serve((socket) => socket.terminate())).send();
    expect(broken).toMatchObject({ ok: false, problem: { code: 'agent-unreachable' } });
    const stop = new AbortController();
    const stopped = (await serve(() => stop.abort())).send(stop.signal);
    expect(await stopped).toMatchObject({ ok: false, problem: { code: 'agent-unreachable' } });
  });
});
