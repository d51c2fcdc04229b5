import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { writeRedirectFile } from './redirect-file.ts';
import type { StaticFile } from './static-files.ts';
import { openWebHost, type WebHost } from './web-host.ts';

const page = Buffer.from('<!doctype html>window');
const files = new Map<string, StaticFile>([['/', { body: page, type: 'text/html; charset=utf-8' }]]);

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function ask(host: WebHost, path: string, headers: Record<string, string> = {}, form?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: form === undefined ? 'GET' : 'POST', headers };
    const asked = request(`${host.origin}${path}`, options, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end(form);
  });
}

describe('the web host', () => {
  let folder = '';
  let core: Server;
  let coreLinks: Socket[] = [];
  let host: WebHost;
  let timesEntered = 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-web-'));
    const coreSocket = join(folder, 'core.sock');
    coreLinks = [];
    timesEntered = 0;
    core = createServer((link) => {
      coreLinks.push(link);
      link.on('error', () => {});
      link.on('data', (chunk) => link.write(`heard ${chunk}`)); // a core that repeats each line
    });
    await new Promise<void>((resolve) => core.listen(coreSocket, resolve));
    host = await openWebHost({
      files,
      coreSocket,
      entered: () => {
        timesEntered += 1;
      },
    });
  });
  afterEach(async () => {
    await host.close();
    for (const link of coreLinks) {
      link.destroy();
    }
    core.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function enterWithKey(): Promise<{ cookie: string; key: string }> {
    const answer = await ask(host, '/enter', { origin: 'null' }, `code=${host.issueCode()}`);
    expect(answer.status).toBe(200);
    const [, key = ''] = /setItem\('slipway\.key', '([\w-]+)'\)/.exec(answer.body) ?? [];
    return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', key };
  }
  const enter = async () => (await enterWithKey()).cookie;

  function openSocket(headers: Record<string, string>, key = ''): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const protocols = key === '' ? ['slipway'] : ['slipway', `key.${key}`];
      const socket = new WebSocket(`${host.origin.replace('http', 'ws')}/link`, protocols, { headers });
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
    });
  }

  async function openWindow(): Promise<WebSocket> {
    const { cookie, key } = await enterWithKey();
    return openSocket({ cookie, origin: host.origin }, key);
  }

  it('listens on loopback only', () => {
    expect(host.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('exchanges a code once for a cookie that scripts and other sites cannot use', async () => {
    const code = host.issueCode();
    const first = await ask(host, '/enter', { origin: 'null' }, `code=${code}`);
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict; Path=\//);
    expect(timesEntered).toBe(1);
    expect((await ask(host, '/enter', { origin: 'null' }, `code=${code}`)).status).toBe(403);
    expect(timesEntered).toBe(1);
  });

  it('serves the window to who entered, with a policy that forbids everything from elsewhere', async () => {
    expect((await ask(host, '/')).status).toBe(401);
    const answer = await ask(host, '/', { cookie: await enter() });
    expect(answer.body).toBe(page.toString());
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });

  it('serves nothing but the files of the window', async () => {
    const cookie = await enter();
    for (const path of ['/../package.json', '/%2e%2e/package.json', '//etc/passwd', '/enter', '/index.html']) {
      expect((await ask(host, path, { cookie })).status, path).toBe(404);
    }
  });

  it('refuses a long form', async () => {
    const long = `code=${'a'.repeat(5000)}`;
    expect((await ask(host, '/enter', { origin: 'null' }, long)).status).toBe(400);
  });

  it('carries lines both ways and ends the link with the window', async () => {
    const socket = await openWindow();
    const heard = new Promise((resolve) => socket.once('message', (line) => resolve(line.toString())));
    socket.send('{"kind":"watch"}');
    expect(await heard).toBe('heard {"kind":"watch"}');
    const over = new Promise((resolve) => coreLinks[0]?.once('close', resolve));
    socket.close();
    await over;
  });

  it('ends the window’s link when the core ends it', async () => {
    const socket = await openWindow();
    const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.send('x');
    await new Promise((resolve) => socket.once('message', resolve));
    coreLinks[0]?.destroy();
    expect(await closed).toBe(1001);
  });

  it('refuses a message of several lines', async () => {
    const socket = await openWindow();
    const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.send('one\ntwo');
    expect(await closed).toBe(1003);
  });

  it('refuses a socket of another page, and one without a cookie', async () => {
    const { cookie, key } = await enterWithKey();
    await expect(openSocket({ cookie, origin: 'https://evil.example' }, key)).rejects.toThrow('403');
    await expect(openSocket({ origin: host.origin }, key)).rejects.toThrow('403');
  });

  it('refuses a socket without the key, which a cookie that another port was sent does not bring', async () => {
    const { cookie } = await enterWithKey();
    await expect(openSocket({ cookie, origin: host.origin })).rejects.toThrow('403');
    await expect(openSocket({ cookie, origin: host.origin }, 'A'.repeat(43))).rejects.toThrow('403');
  });

  it('lives on when a socket that it refuses is reset', async () => {
    for (let round = 0; round < 20; round += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(host.origin).port), '127.0.0.1', () => {
          socket.write(
            `GET /link HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n${'x'.repeat(60_000)}`,
          );
          setImmediate(() => {
            socket.resetAndDestroy();
            resolve();
          });
        });
        socket.on('error', () => {});
      });
    }
    expect((await ask(host, '/')).status).toBe(401);
  });

  it('opens so many windows and no more', async () => {
    const { cookie, key } = await enterWithKey();
    const open = await Promise.all(Array.from({ length: 32 }, () => openSocket({ cookie, origin: host.origin }, key)));
    await expect(openSocket({ cookie, origin: host.origin }, key)).rejects.toThrow('503');
    open[0]?.terminate();
    await expect.poll(() => host.windows()).toBe(31);
    (await openSocket({ cookie, origin: host.origin }, key)).terminate();
  });

  it('hangs up on who begins a request and does not end it', async () => {
    const socket = connect(Number(new URL(host.origin).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.resume();
    socket.write('POST /enter HTTP/1.1\r\nhost: x\r\n');
    await closed;
  }, 15_000);

  it('reads no faster than the core takes', async () => {
    const socket = await openWindow();
    socket.send('first');
    await new Promise((resolve) => socket.once('message', resolve));
    coreLinks[0]?.pause();
    const line = 'x'.repeat(1 << 20);
    for (let round = 0; round < 64; round += 1) {
      socket.send(line);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(socket.bufferedAmount).toBeGreaterThan(8 << 20);
    socket.terminate();
  });

  // Another user's program can be started by root only.
  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'answers no program of another user, whatever it knows',
    async () => {
      const { cookie } = await enterWithKey();
      const port = new URL(host.origin).port;
      const talk = (uid: number) =>
        new Promise<string>((resolve) => {
          const request = `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\nconnection: close\r\n\r\n`;
          const script = 'exec 3<>"/dev/tcp/127.0.0.1/$1"; printf %b "$2" >&3; cat <&3';
          const child = spawn('bash', ['-c', script, 'bash', port, request], { uid, gid: uid, cwd: '/' });
          let heard = '';
          child.stdout.on('data', (chunk) => {
            heard += chunk;
          });
          child.once('close', () => resolve(heard));
        });
      expect(await talk(0)).toContain('200 OK');
      expect(await talk(65534)).toBe('');
    },
  );

  it('hands its code over in a file that only the user can read', () => {
    const file = writeRedirectFile(join(folder, 'web'), host.origin, host.issueCode());
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'web')).mode & 0o777).toBe(0o700);
    file.remove();
    expect(() => statSync(file.path)).toThrow('ENOENT');
  });
});
