/** The proxy auto-config script of native/internal/proxy in a JavaScript engine, with the helpers that browsers give it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';

const source = readFileSync(join(import.meta.dirname, '../../native/internal/proxy/pac.go'), 'utf8');
const template = /const pacScript = `([^`]*)`/.exec(source)?.[1] ?? '';
const values = ['[["10.96.0.0","255.255.0.0"]]', '[".cluster.local",".svc",".webshop"]', '127.0.0.1:1080'];
const script = values.reduce((made, value) => made.replace('%s', value), template);

const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const find = runInNewContext(`${script}; FindProxyForURL`, {
  isPlainHostName: (host: string) => !host.includes('.'),
  isInNet: (host: string, network: string, mask: string) =>
    (number(host) & number(mask)) === (number(network) & number(mask)),
}) as (url: string, host: string) => string;

it.each([
  ['orders', true],
  ['orders.webshop', true],
  ['ORDERS.WEBSHOP.SVC', true],
  ['orders.webshop.svc.cluster.local', true],
  ['10.96.41.7', true],
  ['10.97.0.1', false],
  ['127.0.0.1', false],
  ['localhost', false],
  ['www.example.com', false],
  ['notcluster.local.example.com', false],
  ['mysvc', true],
  ['xwebshop.example', false],
  ['evil-cluster.local', false],
])('leads %s to the proxy: %s', (host, isCluster) => {
  expect(find(`http://${host}/`, host)).toBe(isCluster ? 'PROXY 127.0.0.1:1080; DIRECT' : 'DIRECT');
});
