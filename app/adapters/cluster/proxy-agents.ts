/**
 * The connections of requests that go through a proxy: hpagent's and socks-proxy-agent's, with addresses of IPv6, the proxy's own
 * TLS as client-go has it (that of the cluster's entry), names left to SOCKS proxies as in Go's net/http, and errors that tell
 * that the proxy is what failed.
 */
import { type Agent, STATUS_CODES } from 'node:http';
import type { AgentOptions } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { SocksProxyAgent } from 'socks-proxy-agent';

/** Longest wait for a proxy's answer, in milliseconds. */
const proxyDeadline = 10_000;

/** The proxy refused, or was not reached. What failed behind it is none of these. */
export class ProxyError extends Error {
  /** Without user and password. */
  readonly proxy: string;

  constructor(proxy: URL, error: unknown) {
    const message = error instanceof Error ? error.message : String(error);
    const status = /^Bad response: (\d{3})$/.exec(message)?.[1];
    super(status === undefined ? message : `it answered ${status} ${STATUS_CODES[status] ?? ''}`.trim(), {
      cause: error,
    });
    this.proxy = `${proxy.protocol}//${proxy.host}`;
  }
}

type Made = (error: Error | null, socket: Duplex) => void;
type Target = { host?: string; timeout?: number };

/** `proxy` is http, https, socks5 or socks5h; `options` are those of the connection to an API server by https, if it is. */
export function proxyAgent(proxy: string, secure: boolean, options: AgentOptions): Agent {
  const url = new URL(proxy);
  if (url.protocol.startsWith('socks')) {
    return new Socks(url, options);
  }
  const host = unbracketed(url.hostname);
  const { ca, cert, key, rejectUnauthorized } = options;
  const given = {
    // It takes parts of a URL, too, and dials the host as it is written there.
    proxy: {
      protocol: url.protocol,
      hostname: host,
      port: url.port,
      username: url.username,
      password: url.password,
    } as URL,
    proxyRequestOptions: { ca, cert, key, rejectUnauthorized } as { readonly rejectUnauthorized?: boolean },
  };
  const { keepAlive, keepAliveMsecs } = options;
  const agent = secure
    ? new HttpsProxyAgent({ ...options, ...given })
    : new HttpProxyAgent({ ...(keepAlive && keepAliveMsecs ? { keepAlive, keepAliveMsecs } : {}), ...given });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target: Target, made: Made) => connect(targetOf(target), telling(url, made));
  return agent;
}

/** As CONNECT writes it (RFC 9110, 9.3.6). */
function targetOf<Given extends Target>(target: Given): Given {
  const host = target.host !== undefined && isIPv6(target.host) ? `[${target.host}]` : target.host;
  return { ...target, ...(host === undefined ? {} : { host }), timeout: proxyDeadline };
}

function telling(proxy: URL, made: Made): Made {
  return (error, socket) => made(error === null ? null : new ProxyError(proxy, error), socket);
}

class Socks extends SocksProxyAgent {
  readonly #url: URL;

  constructor(url: URL, options: AgentOptions) {
    const remote = new URL(url.href.replace(/^socks5:/, 'socks5h:'));
    super(remote, options as ConstructorParameters<typeof SocksProxyAgent>[1]);
    this.proxy.host = unbracketed(url.hostname);
    this.#url = url;
  }

  override async connect(...given: Parameters<SocksProxyAgent['connect']>): Promise<Socket> {
    let late: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error('no answer in time')), proxyDeadline);
    });
    try {
      return await Promise.race([super.connect(...given), silent]);
    } catch (error) {
      throw new ProxyError(this.#url, error);
    } finally {
      clearTimeout(late);
    }
  }
}

function unbracketed(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
