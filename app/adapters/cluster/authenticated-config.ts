/**
 * A client-node KubeConfig for one cluster whose credentials may change while it is in use. It mends what
 * client-node 2.0.1 leaves out: a pool of connections is kept (it makes one for each request), act-as groups, uid and
 * extra are sent (it sends the user only), and the system's certificate authorities count where the kubeconfig names
 * none, as with kubectl. It never reads a file and never runs a program.
 */
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { getCACertificates } from 'node:tls';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { problem } from '../../contract/index.ts';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import type { CredentialSource } from '../credentials/credentials.ts';
import { ProblemError } from '../problem-error.ts';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;
type Interceptor = Parameters<Dispatcher['compose']>[number] & ((...argument: never[]) => unknown);
type WebSocketOptions = Parameters<KubeConfig['applyToHTTPSOptions']>[0];

interface Session {
  readonly config: KubeConfig; // with these credentials, static
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher | undefined;
}

const name = 'slipway';

/** How long connections of earlier credentials may still be used. Milliseconds. */
const retirement = 60_000;

let systemAuthorities: string | null = null;

export class AuthenticatedConfig extends KubeConfig {
  readonly #address: ClusterAddress;
  readonly #source: CredentialSource;
  readonly #impersonation: Readonly<Record<string, string | readonly string[]>>;
  #session: { readonly credentials: ClusterCredentials; readonly ready: Promise<Session> } | null = null;
  #closed = false;

  constructor(address: ClusterAddress, source: CredentialSource) {
    super();
    this.#address = address;
    this.#source = source;
    this.#impersonation = impersonationHeaders(address);
    this.loadFromOptions(options(address, {}));
  }

  /** Called by client-node before each request and watch. Throws a ProblemError where there are no credentials. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const session = await this.#current();
    for (const [header, value] of Object.entries(session.headers)) {
      context.setHeaderParam(header, value);
    }
    if (session.dispatcher !== undefined) {
      context.setDispatcher(session.dispatcher);
    }
  }

  /** Called by client-node before each WebSocket. */
  override async applyToHTTPSOptions(target: WebSocketOptions): Promise<void> {
    const session = await this.#current();
    await session.config.applyToHTTPSOptions(target);
    target.headers = { ...target.headers, ...this.#impersonation } as RequestOptions['headers'] & object;
  }

  /** Ends every connection of it. */
  closeConnections(): void {
    this.#closed = true;
    if (this.#session !== null) {
      closeOf(this.#session.ready, 'destroy');
    }
  }

  async #current(): Promise<Session> {
    const credentials = await this.#source.get(false);
    if (!credentials.ok) {
      throw new ProblemError(credentials.problem);
    }
    if (this.#closed) {
      throw new ProblemError(problem('api-unreachable', 'the connection to the cluster was closed'));
    }
    const before = this.#session;
    if (before?.credentials === credentials.value) {
      return before.ready;
    }
    // Kept before it is ready, so that requests side by side share one.
    const ready = this.#begin(credentials.value);
    this.#session = { credentials: credentials.value, ready };
    if (before !== null) {
      // A request may hold the old one already and be about to use it; those under way then end by themselves.
      setTimeout(() => closeOf(before.ready, 'close'), retirement).unref();
    }
    return ready;
  }

  async #begin(credentials: ClusterCredentials): Promise<Session> {
    const config = new KubeConfig();
    config.loadFromOptions(options(this.#address, credentials));
    const probe = new RequestContext(this.#address.server, HttpMethod.GET);
    await config.applySecurityAuthentication(probe);
    return {
      config,
      headers: probe.getHeaders(),
      dispatcher: probe.getDispatcher()?.compose(this.#interceptor()),
    };
  }

  /**
   * Headers with several values must be lines of their own: fetch would join them with commas, and the API server
   * would take "a, b" for the name of one group. HTTP/1.1, because one dead HTTP/2 connection would stall every
   * watch and request at once.
   */
  #interceptor(): Interceptor {
    const impersonation = this.#impersonation;
    const interceptor: Interceptor = (dispatch) => (request, handler) =>
      dispatch(
        { ...request, allowH2: false, headers: { ...(request.headers as object), ...impersonation } } as typeof request,
        handler,
      );
    return interceptor;
  }
}

function closeOf(ready: Promise<Session>, how: 'close' | 'destroy'): void {
  ready.then((session) => session.dispatcher?.[how]()).catch(() => undefined);
}

function options(address: ClusterAddress, credentials: ClusterCredentials) {
  const server = new URL(address.server);
  const secure = server.protocol === 'https:';
  const skipTlsVerify = !secure || address.insecureSkipTlsVerify === true;
  const serverName = address.tlsServerName || (isIP(server.hostname.replace(/^\[|\]$/g, '')) ? '' : server.hostname);
  return {
    clusters: [
      {
        name,
        server: address.server.replace(/\/+$/, ''),
        skipTLSVerify: skipTlsVerify,
        ...(skipTlsVerify ? {} : { caData: base64(address.certificateAuthority || systemCertificates()) }),
        ...(secure && serverName !== '' ? { tlsServerName: serverName } : {}),
        ...(address.proxyUrl ? { proxyUrl: address.proxyUrl } : {}),
      },
    ],
    users: [
      {
        name,
        ...(credentials.bearerToken ? { token: credentials.bearerToken } : {}),
        ...(credentials.clientCertificate ? { certData: base64(credentials.clientCertificate) } : {}),
        ...(credentials.clientKey ? { keyData: base64(credentials.clientKey) } : {}),
        ...(credentials.username ? { username: credentials.username, password: credentials.password ?? '' } : {}),
      },
    ],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function systemCertificates(): string {
  systemAuthorities ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])].join('\n');
  return systemAuthorities;
}

/** Header names: k8s.io/api/authentication/v1; keys of extra are percent-encoded as client-go does. */
export function impersonationHeaders(address: ClusterAddress): Record<string, string | string[]> {
  const wish = address.impersonate;
  if (wish === undefined) {
    return {};
  }
  const headers: Record<string, string | string[]> = { 'Impersonate-User': wish.user };
  if (wish.uid) {
    headers['Impersonate-Uid'] = wish.uid;
  }
  if (wish.groups !== undefined && wish.groups.length > 0) {
    headers['Impersonate-Group'] = [...wish.groups];
  }
  for (const [key, values] of Object.entries(wish.extra ?? {})) {
    headers[`Impersonate-Extra-${encodeHeaderKey(key)}`] = [...values];
  }
  return headers;
}

function encodeHeaderKey(key: string): string {
  return Array.from(Buffer.from(key.toLowerCase()), (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9!#$&'*+\-.^_`|~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
