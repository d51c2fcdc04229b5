/**
 * A small HTTPS server that speaks as an API server does, for the adapters' tests: routes are functions, watches stay
 * open until the test ends them, and every request is kept for the test to look at.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { KubeconfigPort, Log } from '../../core/ports.ts';
import type { AgentPlacingOptions } from '../agent/placing.ts';
import { openAgentRecords } from '../agent/records.ts';
import { agentTimes } from '../agent/times.ts';
import { openKubeconfig } from '../kubeconfig/kubeconfig.ts';
import { openDigestKey } from '../storage/digest-key.ts';
import type { Environment } from '../storage/folders.ts';

export const testdata = join(import.meta.dirname, 'testdata');

export const silentLog: Log = { debug: () => {}, info: () => {}, warning: () => {} };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly clientName: string; // common name of the client certificate, empty for none
}

/** Answers with a status and a body, or takes the response over (for watches). Undefined: 404. */
export type Answer =
  | { readonly status?: number; readonly body: unknown; readonly date?: string }
  | ((response: ServerResponse) => void);

export interface ApiServer {
  readonly url: string;
  readonly requests: Seen[];
  /** Ends every connection, as a restart does, and goes on listening. */
  cut(): void;
  close(): Promise<void>;
}

export async function startApiServer(
  route: (seen: Seen) => Answer | undefined,
  certificate = 'server',
  host = '127.0.0.1',
): Promise<ApiServer> {
  const requests: Seen[] = [];
  const sockets = new Set<TLSSocket>();
  const listener: RequestListener = async (request, response) => {
    const seen = await seenOf(request);
    requests.push(seen);
    const answer = route(seen);
    if (typeof answer === 'function') {
      answer(response);
      return;
    }
    const code = answer?.status ?? (answer === undefined ? 404 : 200);
    response.writeHead(code, { 'content-type': 'application/json', ...(answer?.date ? { date: answer.date } : {}) });
    response.end(
      JSON.stringify(answer?.body ?? refusal(404, 'NotFound', 'the server could not find the requested resource')),
    );
  };
  const server = createServer(
    {
      cert: readFileSync(join(testdata, `${certificate}.pem`)),
      key: readFileSync(join(testdata, `${certificate}-key.pem`)),
      requestCert: true,
      rejectUnauthorized: false, // an API server verifies after the handshake and answers 401
    },
    listener,
  );
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    url: `https://${isIPv6(host) ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    requests,
    cut,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const url = new URL(request.url ?? '/', 'https://api');
  const subject = (request.socket as TLSSocket).getPeerCertificate()?.subject;
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body: Buffer.concat(chunks).toString('utf8'),
    clientName: typeof subject?.CN === 'string' ? subject.CN : '',
  };
}

/** A metav1.Status as API servers refuse with. */
export function refusal(code: number, reason: string, message: string, details: unknown = {}): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}

export function forbidden(verb: string, resource: string, group = ''): Answer {
  const message = `${resource} is forbidden: User "jane" cannot ${verb} resource "${resource}" in API group "${group}" at the cluster scope`;
  return { status: 403, body: refusal(403, 'Forbidden', message) };
}

/** Opens a watch's answer; events are written one a line. */
export function watchAnswer(opened: (send: (type: string, object: unknown) => void, end: () => void) => void): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    opened(
      (type, object) => {
        response.write(`${JSON.stringify({ type, object })}\n`);
      },
      () => response.end(),
    );
  };
}

export const authority = readFileSync(join(testdata, 'authority.pem'), 'utf8');

export interface TestCluster {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly namespace?: string;
  readonly agent?: Partial<AgentPlacingOptions>;
}

/** Kubeconfigs as a core reads them, whose environment is all given; agents are as a test says, and have no binary. */
export function openTestKubeconfig(
  folder: string,
  environment: Environment,
  agent: Partial<AgentPlacingOptions> = {},
): KubeconfigPort {
  return openKubeconfig({
    environment: async () => environment,
    agent: {
      binary: () => Promise.reject(new Error('no binary in this test')),
      build: 'test',
      times: agentTimes({}),
      records: openAgentRecords(folder, silentLog),
      log: silentLog,
      ...agent,
    },
    digestKey: openDigestKey(folder, silentLog),
  });
}

/** A ClusterPort to the server, the way the core gets one: through a kubeconfig. `close` removes its files too. */
export async function openTestCluster(server: string, options: TestCluster = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  const file = join(folder, 'config');
  const base64 = Buffer.from(authority).toString('base64');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64, ...options.cluster } }],
      users: [{ name: 'u', user: options.user ?? { token: 'abc' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: options.namespace ?? 'home' } }],
      'current-context': 'x',
    }),
  );
  const kubeconfig = openTestKubeconfig(folder, { KUBECONFIG: file, PATH: process.env.PATH }, options.agent);
  const { contexts } = await kubeconfig.listContexts([]);
  const context = contexts[0];
  if (context === undefined) {
    throw new Error('the test kubeconfig has no context');
  }
  const opened = await kubeconfig.open(context);
  if (!opened.ok) {
    throw new Error(opened.problem.cause);
  }
  return {
    cluster: opened.value,
    context,
    folder,
    close: async () => {
      opened.value.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
