/**
 * The web host: the window for a browser on this computer. It serves the window's files and carries the lines of the
 * contract between a WebSocket and the core's own socket, each window with a link of its own. It decides nothing, and
 * the core checks every message as it does for any frontend.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { largestLine } from '../lines.ts';
import { createGate, type Gate } from './gate.ts';
import type { StaticFile } from './static-files.ts';

export interface WebHost {
  readonly origin: string;
  /** A fresh code for one entry; the caller hands it over in a file of the user's. */
  issueCode(): string;
  /** How many windows are open. */
  windows(): number;
  close(): Promise<void>;
}

export interface WebHostOptions {
  readonly files: ReadonlyMap<string, StaticFile>;
  /** The core's control socket. */
  readonly coreSocket: string;
  /** A code was used: its file may go. */
  readonly entered?: () => void;
  readonly now?: () => number;
}

/** What every answer says: nothing from elsewhere, no framing, no guessing of types, nothing kept. */
const headersOfAll: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** A code in a form is 43 characters; more than this is not one. */
const largestForm = 1024;

export async function openWebHost(options: WebHostOptions): Promise<WebHost> {
  const now = options.now ?? Date.now;
  const server = createServer();
  const port = await listen(server);
  const gate = createGate(port);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestLine, perMessageDeflate: false });

  server.on('request', (request, response) => {
    answer(request, response, gate, options, now).catch(() => refuse(response, 400));
  });
  server.on('upgrade', (request, stream, head) => {
    if (request.url !== '/link' || gate.refuseSocket(request.headers) !== null) {
      stream.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => carry(socket, options.coreSocket));
  });

  return {
    origin: `http://127.0.0.1:${port}`,
    issueCode: () => gate.issueCode(now()),
    windows: () => sockets.clients.size,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) {
          socket.terminate();
        }
        sockets.close();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  options: WebHostOptions,
  now: () => number,
): Promise<void> {
  if (request.method === 'POST' && request.url === '/enter') {
    if (gate.refuseEntry(request.headers) !== null) {
      refuse(response, 403);
      return;
    }
    const code = new URLSearchParams(await formOf(request)).get('code') ?? '';
    const session = gate.redeem(code, now());
    if (session === null) {
      refuse(response, 403);
      return;
    }
    options.entered?.();
    // A page of ours moves on, because the browser sends a strict cookie only where the navigation began here.
    response.writeHead(200, {
      ...headersOfAll,
      'content-type': 'text/html; charset=utf-8',
      'set-cookie': `${gate.cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`,
    });
    response.end(
      '<!doctype html><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0; url=/"><title>Slipway</title>',
    );
    return;
  }
  const refusal = gate.refusePage(request.headers);
  if (refusal !== null) {
    refuse(response, refusal === 'cookie' ? 401 : 403);
    return;
  }
  const file = options.files.get(new URL(request.url ?? '/', 'http://slipway.invalid').pathname);
  if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
    refuse(response, file === undefined ? 404 : 405);
    return;
  }
  response.writeHead(200, { ...headersOfAll, 'content-type': file.type, 'content-length': file.body.length });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

function refuse(response: ServerResponse, status: 400 | 401 | 403 | 404 | 405): void {
  const text =
    status === 401 ? 'This page belongs to a window that Slipway opened: open it with `slipway open`.\n' : '';
  if (!response.headersSent) {
    response.writeHead(status, { ...headersOfAll, 'content-type': 'text/plain; charset=utf-8' });
  }
  response.end(text);
}

async function formOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += (chunk as Buffer).toString('utf8');
    if (text.length > largestForm) {
      throw new Error('a form was too long');
    }
  }
  return text;
}

/** Carries lines both ways until one side ends. */
function carry(socket: WebSocket, coreSocket: string): void {
  const core = connect(coreSocket);
  let pending: string[] = [];
  core.setEncoding('utf8');
  core.on('data', (text: string) => {
    const parts = text.split('\n');
    const rest = parts.pop() ?? '';
    for (const part of parts) {
      socket.send(pending.join('') + part);
      pending = [];
    }
    if (rest !== '') {
      pending.push(rest);
    }
    // What the browser has not taken yet must not pile up here: the core gathers while its socket is full.
    if (socket.bufferedAmount > largestLine) {
      core.pause();
      const wait = setInterval(() => {
        if (socket.bufferedAmount < largestLine / 4 || socket.readyState !== socket.OPEN) {
          clearInterval(wait);
          core.resume();
        }
      }, 20);
    }
  });
  core.on('error', () => socket.close(1011, 'the core does not answer'));
  core.on('close', () => socket.close(1001, 'the core ended'));
  socket.on('message', (message, isBinary) => {
    const line = isBinary ? '' : message.toString();
    if (line === '' || line.includes('\n')) {
      socket.close(1003, 'a message was no line');
      return;
    }
    core.write(`${line}\n`);
  });
  socket.on('close', () => core.destroy());
  socket.on('error', () => core.destroy());
}
