import { expect, test } from 'vitest';
import { proxyFor } from './proxy-choice.ts';

const proxy = 'http://proxy:3128';
const chosen = (server: string, noProxy = '', configured?: string) =>
  proxyFor(new URL(server), configured, { HTTPS_PROXY: proxy, NO_PROXY: noProxy });

test('the kubeconfig’s proxy wins, even where the environment exempts the server', () => {
  expect(chosen('https://api', '*', 'socks5://mine:1080')).toBe('socks5://mine:1080');
});

test('takes the variable of the protocol, in either case, with http where no scheme is given', () => {
  expect(proxyFor(new URL('https://api'), '', { https_proxy: 'proxy:3128' })).toBe('http://proxy:3128');
  expect(proxyFor(new URL('https://api'), '', { HTTP_PROXY: proxy })).toBe('');
  expect(proxyFor(new URL('http://api'), '', { HTTP_PROXY: proxy })).toBe(proxy);
  expect(proxyFor(new URL('https://api'), '', {})).toBe('');
});

test.each([
  ['https://localhost:6443', ''],
  ['https://127.0.0.1:6443', ''],
  ['https://[::1]:6443', ''],
  ['https://10.1.2.3', '10.0.0.0/8'],
  ['https://10.1.2.3', 'x, 10.1.2.3 ,y'],
  ['https://api.example.org', 'example.org'],
  ['https://api.example.org', '.example.org'],
  ['https://api.example.org', '*.example.org'],
  ['https://example.org', 'EXAMPLE.org'],
  ['https://api.example.org:6443', 'example.org:6443'],
  ['https://api.example.org', '*'],
  ['https://[fd00::1]', 'fd00::/8'],
  ['https://[fd00::1]', 'FD00:0::1'],
  ['https://[fd00::1]:6443', '[fd00::1]:6443'],
  ['https://10.1.2.3:6443', '10.1.2.3:6443'],
  ['https://a.api.example.org', 'api.example.org:443'],
])('%s is reached directly with NO_PROXY=%s', (server, noProxy) => {
  expect(chosen(server, noProxy)).toBe('');
});

test.each([
  ['https://11.1.2.3', '10.0.0.0/8'],
  ['https://example.org', '.example.org'],
  ['https://badexample.org', 'example.org'],
  ['https://api.example.org:6443', 'example.org:443'],
  ['https://10.1.2.3', '10.1.2.33,1.2.3'],
  ['https://api', ',,'],
  ['https://10.1.2.3:6443', '10.1.2.3:443'],
  ['https://0.0.0.10', '10'],
  ['https://api:443', ':443'],
  ['https://[fd00::1]:6443', '[fd00::1]:443'],
])('%s goes through the proxy with NO_PROXY=%s', (server, noProxy) => {
  expect(chosen(server, noProxy)).toBe(proxy);
});
