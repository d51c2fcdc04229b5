import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { authority, startApiServer, testdata } from '../testing/api-server.ts';
import { closedAfterEach, tokenCredentials } from '../testing/scene.ts';
import { ApiConnection } from './api-connection.ts';

const closing = closedAfterEach();

const asked = { verb: 'get', group: '', resource: 'x', namespace: '', purpose: 'other' } as const;
const user = 'me:p%40ss%3Aword';
const wanted = `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`;

async function listen(server: NetServer | Server, host: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closing.push(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Takes every name for this machine. */
async function httpProxy(secure: boolean, host: string, hosts: string[]) {
  const pair = {
    cert: readFileSync(join(testdata, 'server.pem')),
    key: readFileSync(join(testdata, 'server-key.pem')),
  };
  const server = secure ? createHttpsServer(pair) : createHttpServer();
  server.on('connect', (request, client: Socket) => {
    if (request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const url = new URL(`http://${request.url}`);
    hosts.push(url.hostname);
    const far = connect(Number(url.port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(far).pipe(client);
    });
    client.on('error', () => far.destroy());
    far.on('error', () => client.destroy());
    closing.push(() => void far.destroy());
  });
  return listen(server, host);
}

/** SOCKS 5 with user and password (RFC 1928, 1929); takes every name and address for this machine. */
async function socksProxy(host: string, hosts: string[]) {
  const server = createServer((client) => {
    let state: 'greeting' | 'password' | 'request' | 'done' = 'greeting';
    client.on('data', (chunk) => {
      if (state === 'greeting') {
        state = 'password';
        client.write(Buffer.of(5, chunk.includes(2) ? 2 : 255));
      } else if (state === 'password') {
        state = 'request';
        const name = chunk.subarray(2, 2 + (chunk[1] ?? 0));
        const word = chunk.subarray(3 + name.length);
        client.write(Buffer.of(1, `${name}:${word}` === 'me:p@ss:word' ? 0 : 1));
      } else if (state === 'request') {
        state = 'done';
        const kind = chunk[3];
        hosts.push(kind === 3 ? String(chunk.subarray(5, 5 + (chunk[4] ?? 0))) : kind === 4 ? 'IPv6' : 'IPv4');
        const far = connect(chunk.readUInt16BE(chunk.length - 2), '127.0.0.1', () => {
          client.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
          client.removeAllListeners('data');
          client.pipe(far).pipe(client);
        });
        closing.push(() => void far.destroy());
      }
    });
  });
  return listen(server, host);
}

const proxies = [
  { form: `http://${user}@127.0.0.1`, listens: '127.0.0.1' },
  { form: `http://${user}@[::1]`, listens: '::1' },
  { form: `https://${user}@127.0.0.1`, listens: '127.0.0.1' },
  { form: `https://${user}@localhost`, listens: '127.0.0.1' },
  { form: `socks5://${user}@127.0.0.1`, listens: '127.0.0.1' },
  { form: `socks5h://${user}@127.0.0.1`, listens: '127.0.0.1' },
  { form: `socks5://${user}@[::1]`, listens: '::1' },
];
const start = ({ form, listens }: (typeof proxies)[number], hosts: string[]) =>
  form.startsWith('socks') ? socksProxy(listens, hosts) : httpProxy(form.startsWith('https'), listens, hosts);

describe.each(proxies)('the proxy $form', (one) => {
  test.each(['api.example.test', '127.0.0.1', '[::1]'])('leads to %s, with names resolved behind it', async (name) => {
    const server = await startApiServer(() => ({ body: { through: true } }));
    closing.push(() => server.close());
    const hosts: string[] = [];
    const port = await start(one, hosts);
    const url = server.url.replace('127.0.0.1', name);
    const connection = new ApiConnection(
      {
        server: url,
        proxyUrl: `${one.form}:${port}`,
        // The proxy's own certificate is of the same authority, as client-go wants it.
        certificateAuthority: authority,
        ...(name === '[::1]' ? { tlsServerName: 'api.example.test' } : {}),
        ...(one.form.includes('localhost') ? { insecureSkipTlsVerify: true } : {}),
      },
      tokenCredentials,
    );
    closing.push(() => connection.close());
    const answer = await connection.ask(asked, () => connection.get('/x'));
    expect(answer).toMatchObject({ ok: true, value: { through: true } });
    const [host = ''] = hosts;
    const seen = { IPv4: '127.0.0.1', IPv6: '[::1]' }[host] ?? host;
    expect(seen).toBe(name);
  });

  test('is what is named where it refuses, or is not there', async () => {
    const port = await start(one, []);
    for (const proxyUrl of [
      `${one.form.replace('word', 'wrong')}:${port}`,
      one.form.replace(/@.*/, '@127.0.0.1:1'),
      one.form.replace(/@.*/, '@no-such-host.invalid:3128'),
    ]) {
      const server = 'https://api.example.test:6443';
      const insecure = { insecureSkipTlsVerify: true };
      const connection = new ApiConnection({ server, proxyUrl, ...insecure }, tokenCredentials, { firstPause: 5 });
      closing.push(() => connection.close());
      const answer = await connection.ask(asked, () => connection.get('/x'));
      expect(answer).toMatchObject({ ok: false, problem: { code: 'proxy-failed' } });
      const words = answer.ok ? '' : JSON.stringify(answer.problem);
      expect(words).toContain(`${one.form.split(':')[0]}://`);
      expect(words).not.toMatch(/p%40ss|p@ss|me:/);
    }
  });
});
