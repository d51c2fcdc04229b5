/**
 * A front before the sandbox's API server, as load balancers stand before real ones: it ends TLS with a certificate of
 * its own and passes everything on, upgrades too. Its clock may be ahead of the laptop's, which its Date headers show, and it may
 * make trouble: answer the first request of each kind as busy, or block WebSockets, or SPDY, or both.
 * As a program (`node api-front.ts SETTINGS`) it serves on the laptop's loopback and prints its port.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as ask, createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { testdata } from '../../app/adapters/testing/api-server.ts';
import { type CrowdSettings, createCrowd, type Upstream } from './crowded-api.ts';
import type { Scene } from './scene.ts';

export type Trouble = 'none' | 'busy' | 'no-web-sockets' | 'no-spdy' | 'no-upgrades';

interface Settings {
  readonly trouble: Trouble;
  readonly upstream: string;
  readonly authority: string;
  readonly certificate: string;
  readonly aheadSeconds: number;
  /** Thousands of Services beside the real ones. */
  readonly crowd?: CrowdSettings;
}

export interface Front extends AsyncDisposable {
  readonly url: string;
}

/** `certificate` names a pair of app/adapters/testing/testdata; its authority is authority.pem there. */
export async function startFront(
  scene: Scene,
  options: {
    readonly certificate: string;
    readonly aheadSeconds: number;
    readonly trouble?: Trouble;
    readonly crowd?: CrowdSettings;
  },
): Promise<Front> {
  const settings: Settings = {
    trouble: 'none',
    ...options,
    upstream: `https://${scene.sandbox.addresses.apiServer}:6443`,
    authority: join(scene.sandbox.state, 'certificates', 'ca.crt'),
  };
  const [program, ...enter] = [...scene.laptop.enter, process.execPath, import.meta.filename, JSON.stringify(settings)];
  const child = spawn(program ?? '', enter, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...scene.laptop.environment },
  });
  const port = await firstLine(child);
  return {
    url: `https://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once('close', resolve));
        child.stdin?.end(); // on which it ends
        await gone;
      }
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) {
        resolve(text.split('\n')[0] ?? '');
      }
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the front ended with ${code}`)));
  });
}

function serve(settings: Settings): void {
  const { hostname: host, port } = new URL(settings.upstream);
  const upstream = { host, port: Number(port), ca: readFileSync(settings.authority) };
  const dated = (date: string | undefined) =>
    new Date((date === undefined ? Date.now() : Date.parse(date)) + settings.aheadSeconds * 1000).toUTCString();
  const seen = new Set<string>();
  const pair = (suffix: string) => readFileSync(join(testdata, `${settings.certificate}${suffix}.pem`));
  const crowd = settings.crowd === undefined ? undefined : createCrowd(settings.crowd);
  const askUpstream: Upstream = ({ method, url: path, headers }) =>
    new Promise((resolve, reject) => {
      const asked = ask(
        { ...upstream, method, path, headers: { ...headers, 'accept-encoding': 'identity' } },
        async (answer) => {
          const chunks: Buffer[] = [];
          for await (const chunk of answer) {
            chunks.push(chunk as Buffer);
          }
          resolve({ status: answer.statusCode ?? 502, body: Buffer.concat(chunks).toString('utf8') });
        },
      );
      asked.once('error', reject);
      asked.end();
    });
  const server = createServer({ cert: pair(''), key: pair('-key') }, (request, response) => {
    const { method, url: path, headers } = request;
    const kind = `${method} ${path?.split('?')[0]}`;
    if (settings.trouble === 'busy' && !seen.has(kind)) {
      seen.add(kind);
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' });
      response.end(
        '{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","message":"overloaded","code":429}',
      );
      return;
    }
    if (crowd?.(request, response, askUpstream)) {
      return;
    }
    const passed = ask({ ...upstream, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date: dated(answer.headers.date) });
      response.flushHeaders(); // a watch has nothing to say for a while
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    passed.once('error', () => response.destroy());
    response.once('close', () => passed.destroy());
    request.pipe(passed);
  });
  server.on('upgrade', (request: IncomingMessage, client: Socket, ahead: Buffer) => {
    const isWebSocket = /websocket/i.test(request.headers.upgrade ?? '');
    const blocked = isWebSocket ? ['no-web-sockets', 'no-upgrades'] : ['no-spdy', 'no-upgrades'];
    if (blocked.includes(settings.trouble)) {
      const page = '<html><h1>Upgrades are blocked by policy</h1></html>';
      client.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n${page}`);
      return;
    }
    const far = connect(upstream, () => {
      const fields = request.rawHeaders.flatMap((field, index, all) =>
        index % 2 === 0 ? [`${field}: ${all[index + 1]}`] : [],
      );
      far.write([`${request.method} ${request.url} HTTP/1.1`, ...fields, '', ''].join('\r\n'));
      far.write(ahead);
      far.pipe(client).pipe(far);
    });
    far.once('error', () => client.destroy());
    client.once('error', () => far.destroy());
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  process.stdin.resume().once('end', () => process.exit());
}

const [, program, settings] = process.argv;
if (program === import.meta.filename && settings !== undefined) {
  serve(JSON.parse(settings));
}
