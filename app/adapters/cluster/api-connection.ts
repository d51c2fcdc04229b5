/**
 * Requests to one API server: a deadline for each, one retry with fresh credentials after a 401, and every error as a
 * problem. Watches and execs go through `config` directly.
 */
import {
  type ApiType,
  createConfiguration,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
} from '@kubernetes/client-node';
import { failure, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import type { CredentialSource } from '../credentials/credentials.ts';
import { AuthenticatedConfig } from './authenticated-config.ts';
import { type Asked, problemOf, statusCodeOf } from './problems.ts';

/** Longest wait for one answer, in milliseconds. Lists of large clusters take seconds. */
export const requestDeadline = 20_000;

type ApiClass<Api extends ApiType> = new (configuration: ReturnType<typeof createConfiguration>) => Api;

export class ApiConnection {
  readonly address: ClusterAddress;
  readonly config: AuthenticatedConfig;
  readonly #source: CredentialSource;
  readonly #closing = new AbortController();
  readonly #configuration: ReturnType<typeof createConfiguration>;
  readonly #clients = new Map<unknown, ApiType>();
  #clockSkew: number | null = null;

  constructor(address: ClusterAddress, source: CredentialSource, deadline = requestDeadline) {
    this.address = address;
    this.#source = source;
    this.config = new AuthenticatedConfig(address, source);
    this.#configuration = createConfiguration({
      baseServer: new ServerConfiguration(address.server.replace(/\/+$/, ''), {}),
      authMethods: { default: this.config },
      promiseMiddleware: [
        {
          pre: async (request: RequestContext) => {
            request.setHeaderParam('User-Agent', 'slipway');
            const timeout = AbortSignal.timeout(deadline);
            const given = request.getSignal();
            request.setSignal(
              AbortSignal.any([this.#closing.signal, timeout, ...(given === undefined ? [] : [given])]),
            );
            return request;
          },
          post: async (response: ResponseContext) => {
            this.#noteDate(response.headers.date);
            return response;
          },
        },
      ],
    });
  }

  /** A client-node API class, made once. */
  client<Api extends ApiType>(type: ApiClass<Api>): Api {
    const known = this.#clients.get(type);
    if (known !== undefined) {
      return known as Api;
    }
    const made = new type(this.#configuration);
    this.#clients.set(type, made);
    return made;
  }

  /** Runs one or more requests; after a 401 once more with fresh credentials. Never rejects. */
  async ask<Value>(asked: Asked, work: () => Promise<Value>): Promise<Result<Value>> {
    const first = await this.attempt(work);
    if (first.ok) {
      return success(first.value);
    }
    let error = first.error;
    if (statusCodeOf(error) === 401 && (await this.#source.get(true)).ok) {
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
    return problemOf(error, asked, { credentials: await this.#knownCredentials(), clockSkew: this.#clockSkew ?? 0 });
  }

  /** How far the API server's clock is ahead of ours, in milliseconds, by its last answer; null before the first. */
  clockSkew(): number | null {
    return this.#clockSkew;
  }

  /** Now by the API server's clock. */
  serverNow(): number {
    return Date.now() + (this.#clockSkew ?? 0);
  }

  close(): void {
    this.#closing.abort();
    this.config.closeConnections();
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  #noteDate(header: string | undefined): void {
    const date = header === undefined ? Number.NaN : Date.parse(header);
    if (!Number.isNaN(date)) {
      this.#clockSkew = date + 500 - Date.now(); // the header counts whole seconds
    }
  }

  async #knownCredentials(): Promise<ClusterCredentials | null> {
    const credentials = await this.#source.get(false);
    return credentials.ok ? credentials.value : null;
  }
}
