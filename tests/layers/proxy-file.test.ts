/** The proxy auto-config script of native/internal/proxy in a JavaScript engine, with the helpers that browsers give it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';

const source = readFileSync(join(import.meta.dirname, '../../native/internal/proxy/pac.go'), 'utf8');
const template = /const pacScript = `([^`]*)`/.exec(source)?.[1] ?? '';
const values = ['["10.96.0.0/16","fd02:10:96::/112"]', '[".cluster.local",".svc",".webshop"]', '127.0.0.1:1080'];
const script = values.reduce((made, value) => made.replace('%s', value), template);

const find = runInNewContext(`${script}; FindProxyForURL`, {
  isPlainHostName: (host: string) => !host.includes('.'),
}) as (url: string, host: string) => string;

it.each([
  ['orders', true],
  ['orders.webshop', true],
  ['ORDERS.WEBSHOP.SVC', true],
  ['orders.webshop.svc.cluster.local', true],
  ['10.96.41.7', true],
  ['10.97.0.1', false],
  ['10.96.0.0', true],
  ['fd02:10:96::a', true],
  ['[fd02:10:96::a]', true],
  ['FD02:0010:0096:0:0:0:0:FFFF', true],
  ['fd02:10:96::1:a', false],
  ['fd02:10:97::a', false],
  ['::1', false],
  ['fd02::', false],
  ['::ffff:10.96.41.7', false],
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
