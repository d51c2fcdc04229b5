/**
 * Requests to one API server, with credentials that may change meanwhile: a deadline for each, patience with a server that
 * is busy, one retry with fresh credentials after a 401, and every error as a problem.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Cause, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import type { CredentialSource } from '../credentials/credentials.ts';
import { ProblemError } from '../problem-error.ts';
import { anySignal } from './any-signal.ts';
import { checkedList, type KubernetesObject, type ObjectList, requestAnnotation } from './api-objects.ts';
import { beginSession, endSession, retire, type Session } from './api-session.ts';
import { largestList, largestObject } from './bounded.ts';
import { ApiRefusal, type Exchange, exchange, textOf } from './exchange.ts';
import { type Asked, isCertificateAlert, problemOf } from './problems.ts';
import { statusCodeOf } from './refusals.ts';
import { Repeating } from './repeating.ts';

/** In milliseconds. */
interface Times {
  /** Longest wait for one answer. Lists of large clusters take seconds. */
  readonly deadline: number;
  /** Before asking again where nobody says how long; doubled each time. */
  readonly firstPause: number;
}

const usualTimes: Times = { deadline: 20_000, firstPause: 250 };

/** Values that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export class ApiConnection {
  readonly address: ClusterAddress;
  readonly #source: CredentialSource;
  readonly #times: Times;
  readonly #closing = new AbortController();
  #session: { readonly credentials: ClusterCredentials; readonly session: Session } | null = null;
  #clockSkew: number | null = null;
  #waiting = 0;
  /** Hears why a request waits for a busy server, and null when none waits any more. */
  onWaiting: (detail: Cause | null) => void = () => {};

  constructor(address: ClusterAddress, source: CredentialSource, times: Partial<Times> = {}) {
    this.address = address;
    this.#source = source;
    this.#times = { ...usualTimes, ...times };
  }

  /** The answer's document; whoever asks says what it is, and the API server is believed. */
  async get<Value>(path: string, query: Query = {}): Promise<Value> {
    return JSON.parse(await this.getText(path, query)) as Value;
  }

  getText(path: string, query: Query = {}): Promise<string> {
    return this.#request('GET', path, query);
  }

  /** Throws a ProblemError where it is no list; items without a name are left out. */
  async list<Item extends KubernetesObject>(path: string, query: Query = {}): Promise<ObjectList<Item>> {
    return (await this.page<Item>(path, query)).list;
  }

  /** The same with the bytes that it had on the wire, unpacked. */
  async page<Item extends KubernetesObject>(
    path: string,
    query: Query = {},
  ): Promise<{ readonly list: ObjectList<Item>; readonly bytes: number }> {
    const text = await this.#request('GET', path, query, { limit: largestList });
    return { list: checkedList<Item>(JSON.parse(text)), bytes: text.length };
  }

  /** Of what stores nothing (reviews, dry runs): it may be sent twice. */
  async post<Value>(path: string, body: unknown, query: Query = {}): Promise<Value> {
    return JSON.parse(await this.#request('POST', path, query, { body })) as Value;
  }

  /**
   * Makes an object whose name is decided. An answer that leaves open whether it was made is asked about again: the object
   * that is there then is ours where it bears the mark of this very request: the object's own, or one that is made here.
   * `deadline` in milliseconds, for each attempt.
   */
  async create<Value extends KubernetesObject>(
    path: string,
    object: Value,
    signal: AbortSignal,
    deadline = this.#times.deadline,
  ): Promise<Value> {
    const mark = object.metadata?.annotations?.[requestAnnotation] ?? randomUUID();
    const annotations = { ...object.metadata?.annotations, [requestAnnotation]: mark };
    const body = { ...object, metadata: { ...object.metadata, annotations } };
    const repeating = this.#repeating();
    try {
      return JSON.parse(await this.#request('POST', path, {}, { body, repeating, signal, deadline })) as Value;
    } catch (error) {
      if (statusCodeOf(error) !== 409 || !repeating.unsure) {
        throw error;
      }
      const there = await this.get<Value>(`${path}/${encodeURIComponent(object.metadata?.name ?? '')}`);
      if (there.metadata?.annotations?.[requestAnnotation] !== mark) {
        throw error;
      }
      return there;
    }
  }

  /** A JSON merge patch (RFC 7386). */
  async patch(path: string, body: unknown): Promise<void> {
    await this.#request('PATCH', path, {}, { body, contentType: 'application/merge-patch+json' });
  }

  async delete(path: string, body: unknown): Promise<void> {
    await this.#request('DELETE', path, {}, { body });
  }

  /** An answer that stays open: no deadline but the caller's. */
  async stream(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    const { headers, streams } = await this.session();
    const ended = anySignal([this.#closing.signal, signal]);
    const url = this.urlOf(path, query);
    try {
      const answer = await exchange({ method: 'GET', url, headers, agent: streams, signal: ended.signal });
      answer.once('close', ended.release);
      return answer;
    } catch (error) {
      ended.release();
      throw error;
    }
  }

  /** Runs one or more requests; after a 401 once more with fresh credentials. Never rejects. */
  async ask<Value>(asked: Asked, work: () => Promise<Value>): Promise<Result<Value>> {
    const first = await this.attempt(work);
    if (first.ok) {
      return success(first.value);
    }
    let error = first.error;
    if ((statusCodeOf(error) === 401 || isCertificateAlert(error)) && (await this.#source.get(true)).ok) {
      const second = await this.attempt(work);
      if (second.ok) {
        return success(second.value);
      }
      error = second.error;
    }
    return failure(await this.explain(error, asked));
  }

  /** The error itself, for callers that decide by its status. */
  async attempt<Value>(
    work: () => Promise<Value>,
  ): Promise<{ readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: unknown }> {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      return { ok: false, error };
    }
  }

  /** After a 401 outside of `ask`. False where there are no other credentials to be had. */
  async refresh(): Promise<boolean> {
    return (await this.#source.get(true)).ok;
  }

  async explain(error: unknown, asked: Asked) {
    const credentials = await this.#source.get(false);
    return problemOf(error, asked, {
      credentials: credentials.ok ? credentials.value : null,
      clockSkew: this.#clockSkew ?? 0,
    });
  }

  /** How far the API server's clock is ahead of ours, in milliseconds, by its last answer; null before the first. */
  clockSkew(): number | null {
    return this.#clockSkew;
  }

  /** Now by the API server's clock. */
  serverNow(): number {
    return Date.now() + (this.#clockSkew ?? 0);
  }

  /** Throws a ProblemError where there are none. */
  async credentials(): Promise<ClusterCredentials> {
    const credentials = await this.#source.get(false);
    if (!credentials.ok) {
      throw new ProblemError(credentials.problem);
    }
    return credentials.value;
  }

  /** Headers and connections of the present credentials. Throws a ProblemError where there are none. */
  async session(): Promise<Session> {
    const credentials = await this.credentials();
    if (this.#closing.signal.aborted) {
      throw new ProblemError(problem('api-unreachable', cause('closed')));
    }
    const before = this.#session;
    if (before?.credentials === credentials) {
      return before.session;
    }
    const session = beginSession(this.address, credentials);
    this.#session = { credentials, session };
    if (before !== null) {
      retire(before.session);
    }
    return session;
  }

  close(): void {
    this.#closing.abort();
    if (this.#session !== null) {
      endSession(this.#session.session);
    }
  }

  async #request(
    method: Exchange['method'],
    path: string,
    query: Query,
    {
      body,
      contentType = 'application/json',
      limit = largestObject,
      repeating = this.#repeating(),
      signal = this.#closing.signal,
      deadline = this.#times.deadline,
    }: {
      readonly body?: unknown;
      readonly contentType?: string;
      readonly limit?: number;
      readonly repeating?: Repeating;
      readonly signal?: AbortSignal;
      readonly deadline?: number;
    } = {},
  ): Promise<string> {
    const ended = anySignal([this.#closing.signal, signal]);
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': contentType } };
    const attempt = () => this.#attempt(method, this.urlOf(path, query), { limit, deadline }, ended.signal, sent);
    return repeating.run(attempt, ended.signal).finally(ended.release);
  }

  async #attempt(
    method: Exchange['method'],
    url: URL,
    { limit, deadline }: { readonly limit: number; readonly deadline: number },
    ended: AbortSignal,
    sent: { readonly body?: string; readonly headers?: Record<string, string> },
  ): Promise<string> {
    const { headers, requests } = await this.session();
    const timeout = AbortSignal.timeout(deadline);
    const { signal, release } = anySignal([ended, timeout]);
    try {
      const all = { ...headers, ...sent.headers };
      const answer = await exchange({ ...sent, method, url, agent: requests, signal, headers: all });
      this.#noteDate(answer.headers.date);
      return await textOf(answer, limit);
    } catch (error) {
      if (error instanceof ApiRefusal) {
        this.#noteDate(error.date);
      }
      throw timeout.aborted ? timeout.reason : error;
    } finally {
      release();
    }
  }

  #repeating(): Repeating {
    return new Repeating(this.#times.firstPause, {
      begin: (detail) => {
        this.#waiting += 1;
        this.onWaiting(detail);
      },
      end: () => {
        this.#waiting -= 1;
        if (this.#waiting === 0) {
          this.onWaiting(null);
        }
      },
    });
  }

  urlOf(path: string, query: Query): URL {
    const url = new URL(this.address.server.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        url.searchParams.set(name, String(value));
      }
    }
    return url;
  }

  #noteDate(header: string | undefined): void {
    const date = header === undefined ? Number.NaN : Date.parse(header);
    if (!Number.isNaN(date)) {
      this.#clockSkew = date + 500 - Date.now(); // the header counts whole seconds
    }
  }
}
