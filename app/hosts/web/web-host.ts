/**
 * The web host: the window for a browser on this computer. It serves the window's files and carries the lines of the
 * contract between a WebSocket and the core's own socket, each window with a link of its own. It decides nothing, and
 * the core checks every message as it does for any frontend.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { largestLine } from '../lines.ts';
import { carry } from './carry.ts';
import { createGate, type Gate, linkProtocol } from './gate.ts';
import { answerWithPolicy, policyOf } from './page-policy.ts';
import { isOwnPeer } from './peer.ts';
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
  /** Whether a connection is this user's own. */
  readonly isOwn?: (socket: Socket) => boolean;
}

/** What every answer says: nothing from elsewhere, no framing, no guessing of types, nothing kept. */
const headersOfAll: Readonly<Record<string, string>> = {
  'content-security-policy': policyOf(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** A code in a form is 43 characters; more than this is not one. */
const largestForm = 1024;

/** Windows that may be open at a time; each has a link to the core. */
const mostWindows = 32;

/** Whoever connects and says nothing, or little by little, is hung up on; times in milliseconds. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 << 10,
} as const;
const mostConnections = 256;

export async function openWebHost(options: WebHostOptions): Promise<WebHost> {
  const now = options.now ?? Date.now;
  const server = createServer(limits);
  server.maxConnections = mostConnections;
  server.on('connection', (socket) => {
    if (!(options.isOwn ?? ((one) => isOwnPeer(one)))(socket)) {
      socket.destroy();
    }
  });
  const port = await listen(server);
  const gate = createGate(port);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: largestLine,
    perMessageDeflate: false,
    handleProtocols: () => linkProtocol,
  });

  server.on('request', (request, response) => {
    answer(request, response, gate, options, now).catch(() => refuse(response, 400));
  });
  server.on('upgrade', (request, stream, head) => {
    const isRefused = request.url !== '/link' || gate.refuseSocket(request.headers) !== null;
    if (isRefused || sockets.clients.size >= mostWindows) {
      stream.on('error', () => {}); // one that is reset while it is refused must not end this process
      const status = isRefused ? '403 Forbidden' : '503 Service Unavailable';
      stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => stream.destroy());
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
    const nonce = randomBytes(16).toString('base64');
    response.writeHead(200, {
      ...headersOfAll,
      'content-security-policy': policyOf({ script: `'nonce-${nonce}'` }),
      'content-type': 'text/html; charset=utf-8',
      'set-cookie': `${gate.cookieName}=${session.cookie}; HttpOnly; SameSite=Strict; Path=/`,
    });
    response.end(entryPage(session.key, nonce));
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
  const { body, policy } = answerWithPolicy(file, "'self'");
  response.writeHead(200, {
    ...headersOfAll,
    'content-security-policy': policy,
    'content-type': file.type,
    'content-length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Keeps the key where only pages of this very port find it (renderer/host/web-host.ts), and moves on: the browser sends
 * a strict cookie only where the navigation began here. The key is base64url, so it needs no escaping.
 */
function entryPage(key: string, nonce: string): string {
  return `<!doctype html><link rel="icon" href="data:,"><title>Slipway</title>
<script nonce="${nonce}">localStorage.setItem('slipway.key', '${key}'); location.replace('/');</script>
`;
}

function refuse(response: ServerResponse, status: 400 | 401 | 403 | 404 | 405): void {
  const text =
    status === 401 ? 'This page belongs to a window that Slipway opened: open it with `slipway open`.\n' : '';
  if (!response.headersSent) {
    // What is left of a request that was refused is not read.
    response.writeHead(status, { ...headersOfAll, 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
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
