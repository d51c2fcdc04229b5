/**
 * Which proxy leads to an API server: the kubeconfig's, else the environment's by the rules of Go's
 * golang.org/x/net/http/httpproxy, which kubectl follows. Decided once here, so that core and engine never differ.
 */
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
  const address = ipaddr.isValid(host) ? ipaddr.parse(host) : null;
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
  const withPort = /^(.*):(\d+)$/.exec(item);
  if (withPort !== null && !ipaddr.isValid(item)) {
    if (withPort[2] !== port) {
      return false;
    }
    item = withPort[1] ?? '';
  }
  if (address !== null) {
    return ipaddr.isValid(item) && ipaddr.parse(item).toString() === address.toString();
  }
  const domain = item.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (host === domain && domain === item);
}
