/**
 * Which proxy leads to an API server: the kubeconfig's, else the environment's by the rules of Go's
 * golang.org/x/net/http/httpproxy, which kubectl follows. Decided once here, so that core and engine never differ.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Environment } from '../storage/folders.ts';

/** The proxy's URL, or empty for none. */
export function proxyFor(server: URL, configured: string | undefined, environment: Environment): string {
  if (configured !== undefined && configured !== '') {
    return configured;
  }
  const secure = server.protocol === 'https:';
  const wished = secure
    ? environment.HTTPS_PROXY || environment.https_proxy
    : environment.HTTP_PROXY || environment.http_proxy;
  if (wished === undefined || wished === '' || isExempt(server, environment.NO_PROXY || environment.no_proxy || '')) {
    return '';
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(wished) ? wished : `http://${wished}`;
}

function isExempt(server: URL, list: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const address = isIP(host) === 0 ? null : ipaddr.parse(host);
  if (host === 'localhost' || address?.range() === 'loopback') {
    return true;
  }
  return list
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '')
    .some((item) => item === '*' || matches(item, host, port, address));
}

function matches(item: string, host: string, port: string, address: ReturnType<typeof ipaddr.parse> | null): boolean {
  if (item.includes('/') && ipaddr.isValidCIDR(item)) {
    const [network, bits] = ipaddr.parseCIDR(item);
    return address !== null && address.kind() === network.kind() && address.match(network, bits);
  }
  // As net.SplitHostPort: an address of IPv6 has a port only in brackets.
  const withPort = /^(?:\[(.*)\]|([^:]*)):([^:]*)$/.exec(item);
  const name = withPort === null ? item : (withPort[1] ?? withPort[2] ?? '');
  const wanted = withPort?.[3] ?? '';
  if (name === '' || (wanted !== '' && wanted !== port)) {
    return false;
  }
  if (isIP(name) !== 0) {
    return address !== null && ipaddr.parse(name).toString() === address.toString();
  }
  if (address !== null) {
    return false;
  }
  const suffix = name.replace(/^\*\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}
