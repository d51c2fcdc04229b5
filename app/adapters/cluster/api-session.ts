/**
 * One API server with one set of credentials: the headers that each request carries and the connections that requests
 * share. Act-as fields are sent whole, and the system's certificate authorities count where the kubeconfig names none,
 * both as with kubectl. HTTP/1.1, because one dead HTTP/2 connection would stall every watch and request at once.
 */
import { X509Certificate } from 'node:crypto';
import { Agent, type OutgoingHttpHeaders } from 'node:http';
import { type AgentOptions, Agent as SecureAgent } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, getCACertificates, type PeerCertificate } from 'node:tls';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import { proxyAgent } from './proxy-agents.ts';

/**
 * Requests at the same time. Each connection costs both sides a TLS handshake: a connect asks some forty things at
 * once, and forty handshakes take longer than their answers.
 */
const mostConnections = 8;

/** Cloud load balancers forget connections that are silent for a minute. Milliseconds. */
const probeAfter = 30_000;

export interface Session {
  readonly headers: OutgoingHttpHeaders;
  /** For requests that end. */
  readonly requests: Agent;
  /** For what stays open: watches and execs. */
  readonly streams: Agent;
}

export function beginSession(address: ClusterAddress, credentials: ClusterCredentials): Session {
  const tls = readOnce(tlsOptions(address, credentials));
  const options: AgentOptions = { ...tls, keepAlive: true, keepAliveMsecs: probeAfter };
  return {
    headers: { 'user-agent': 'slipway', ...authorization(credentials), ...impersonationHeaders(address) },
    requests: openAgent(address, { ...options, maxSockets: mostConnections }),
    streams: openAgent(address, options),
  };
}

/** No new request begins with it; those under way end by themselves. */
export function retire({ requests, streams }: Session): void {
  for (const agent of [requests, streams]) {
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
      socket.destroy();
    }
  }
}

/** Ends every connection of it. */
export function endSession({ requests, streams }: Session): void {
  requests.destroy();
  streams.destroy();
}

function openAgent({ server, proxyUrl }: ClusterAddress, options: AgentOptions): Agent {
  const secure = server.startsWith('https:');
  if (proxyUrl === undefined || proxyUrl === '') {
    return secure ? new SecureAgent(options) : new Agent(options);
  }
  return proxyAgent(proxyUrl, secure, options);
}

let systemAuthorities: string[] | null = null;

function systemCertificates(): string[] {
  systemAuthorities ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return systemAuthorities;
}

function tlsOptions(address: ClusterAddress, credentials: ClusterCredentials): AgentOptions {
  const host = new URL(address.server).hostname.replace(/^\[|\]$/g, '');
  const serverName = address.tlsServerName || (isIP(host) ? '' : host);
  return {
    ...(address.insecureSkipTlsVerify === true
      ? { rejectUnauthorized: false }
      : { rejectUnauthorized: true, ca: address.certificateAuthority || systemCertificates() }),
    // An address is no server name (RFC 6066). A SOCKS agent would check the certificate for "localhost" then.
    ...(serverName === ''
      ? { checkServerIdentity: (_: string, certificate: PeerCertificate) => isNotOf(host, certificate) }
      : { servername: serverName }),
    ...(credentials.clientCertificate ? { cert: credentials.clientCertificate } : {}),
    ...(credentials.clientKey ? { key: credentials.clientKey } : {}),
  };
}

/** Node's own check takes no address of IPv6 for one (22.23: domainToASCII makes nothing of it), OpenSSL's does. */
function isNotOf(address: string, certificate: PeerCertificate): Error | undefined {
  const isIts = new X509Certificate(certificate.raw).checkIP(address) !== undefined;
  return isIts ? undefined : checkServerIdentity(address, certificate);
}

/**
 * Certificates are read once, not for each connection: of the system's some 260 authorities that takes 15 ms and 1.7 MiB. What
 * cannot be read fails the request that needs it.
 */
function readOnce(options: AgentOptions): AgentOptions {
  const { ca, cert, key } = options;
  try {
    return { ...options, secureContext: createSecureContext({ ca, cert, key }) };
  } catch {
    return options;
  }
}

function authorization({ bearerToken, username, password }: ClusterCredentials): OutgoingHttpHeaders {
  if (bearerToken) {
    return { authorization: `Bearer ${bearerToken}` };
  }
  const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return username ? { authorization: `Basic ${basic}` } : {};
}

/**
 * Header names: k8s.io/api/authentication/v1; keys of extra are percent-encoded as client-go does. Several values are
 * lines of their own: joined with commas the API server would take "a, b" for the name of one group.
 */
function impersonationHeaders(address: ClusterAddress): Record<string, string | string[]> {
  const { impersonate } = address;
  if (impersonate === undefined) {
    return {};
  }
  const headers: Record<string, string | string[]> = { 'Impersonate-User': impersonate.user };
  if (impersonate.uid) {
    headers['Impersonate-Uid'] = impersonate.uid;
  }
  if (impersonate.groups !== undefined && impersonate.groups.length > 0) {
    headers['Impersonate-Group'] = [...impersonate.groups];
  }
  for (const [key, values] of Object.entries(impersonate.extra ?? {})) {
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
