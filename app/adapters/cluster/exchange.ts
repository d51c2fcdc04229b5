/** One HTTP request to an API server, up to its answer's head. What goes wrong is thrown as it came. */
import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { boundedText, largestRefusal } from './bounded.ts';

/** Longest wait for a connection, in milliseconds. */
const connectDeadline = 10_000;

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly agent: Agent;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** An answer other than 2xx. */
export class ApiRefusal extends Error {
  readonly statusCode: number;
  readonly body: string;
  /** The header `date`. */
  readonly date: string | undefined;
  /** Milliseconds by the header `retry-after`, which API servers and gateways give in seconds; null without one. */
  readonly retryAfter: number | null;

  constructor(statusCode: number, body: string, headers: IncomingHttpHeaders = {}) {
    super(`the API server answered ${statusCode}`);
    this.statusCode = statusCode;
    this.body = body;
    this.date = headers.date;
    this.retryAfter = /^\d{1,6}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) * 1000 : null;
  }
}

/** Redirects that one request follows, as Go's net/http. */
const mostRedirects = 10;

/**
 * Throws an ApiRefusal where the answer is none of success. Redirects of a reading are followed on the same server only:
 * client-go would follow others, with the credentials, to where nobody confirmed.
 */
export async function exchange(first: Exchange): Promise<IncomingMessage> {
  let asked = first;
  let redirects = 0;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await once(asked);
    if (outcome.kind === 'answered') {
      const { statusCode = 0 } = outcome.answer;
      if (statusCode >= 200 && statusCode < 300) {
        return outcome.answer;
      }
      const url = redirects < mostRedirects ? redirectOf(asked, outcome.answer) : null;
      if (url === null) {
        throw await refusalOf(outcome.answer);
      }
      outcome.answer.resume();
      asked = { ...asked, url };
      redirects += 1;
      attempt = 0;
      continue;
    }
    // The server may close a kept connection at the very moment at which it is used again. A second POST could be a
    // second object.
    if (attempt > 1 || !outcome.reused || asked.method === 'POST' || asked.signal.aborted) {
      throw asked.signal.aborted ? asked.signal.reason : outcome.error;
    }
  }
}

function redirectOf({ method, url }: Exchange, { statusCode = 0, headers }: IncomingMessage): URL | null {
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && method === 'GET';
  const target = isRedirect ? URL.parse(headers.location ?? '', url.href) : null;
  return target !== null && headers.location && target.origin === url.origin ? target : null;
}

/** What an answer that is none of success says. */
export async function refusalOf(answer: IncomingMessage): Promise<ApiRefusal> {
  const body = await boundedText(bytesOf(answer), largestRefusal, true);
  return new ApiRefusal(answer.statusCode ?? 0, body, answer.headers);
}

type Outcome =
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  | { readonly kind: 'failed'; readonly error: unknown; readonly reused: boolean };

function once({ method, url, headers, agent, body, signal }: Exchange): Promise<Outcome> {
  const secure = url.protocol === 'https:';
  const begin = secure ? secureRequest : request;
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = begin(
      url,
      {
        method,
        agent,
        signal,
        headers: { accept: 'application/json', 'accept-encoding': 'gzip', ...length, ...headers },
      },
      (answer) => resolve({ kind: 'answered', answer }),
    );
    sent.once('socket', (socket) => {
      if (socket.connecting) {
        const late = setTimeout(() => sent.destroy(new DOMException('no connection', 'TimeoutError')), connectDeadline);
        const inTime = () => clearTimeout(late);
        socket.once(secure ? 'secureConnect' : 'connect', inTime);
        socket.once('close', inTime);
      }
    });
    sent.on('error', (error) => resolve({ kind: 'failed', error, reused: sent.reusedSocket }));
    sent.end(body);
  });
}

/** The answer's bytes, unpacked. */
export function bytesOf(answer: IncomingMessage): Readable {
  return answer.headers['content-encoding'] === 'gzip' ? pipeline(answer, createGunzip(), () => {}) : answer;
}

/** Throws a ProblemError where it is larger than the limit, in bytes. */
export function textOf(answer: IncomingMessage, limit: number): Promise<string> {
  return boundedText(bytesOf(answer), limit);
}
