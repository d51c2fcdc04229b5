import { expect, it, vi } from 'vitest';
import { endRoots, wordsForSudo } from './as-root.ts';

const words = ['start', '--in-sandbox'];

it('passes what root needs to build and to show, and none of the user’s folders or secrets', () => {
  const environment = {
    PATH: '/usr/local/go/bin:/usr/bin',
    DISPLAY: ':0',
    HOME: '/home/jane',
    XDG_CACHE_HOME: '/home/jane/.cache',
    KUBECONFIG: '/home/jane/.kube/config',
    GITHUB_TOKEN: 'secret',
    https_proxy: 'http://jane:secret@proxy.test:3128',
    http_proxy: 'http://proxy.test:3128',
  };
  const asked = wordsForSudo(words, environment, true);
  expect(asked.slice(0, 6)).toEqual([
    '-H',
    '--',
    'env',
    'PATH=/usr/local/go/bin:/usr/bin',
    'DISPLAY=:0',
    'http_proxy=http://proxy.test:3128',
  ]);
  expect(asked.slice(-2)).toEqual(words);
  expect(asked.join(' ')).not.toMatch(/jane|secret/);
});

it.each([
  ['https_proxy', 'http://jane:secret@proxy.test:3128', false],
  ['HTTPS_PROXY', 'jane:secret@proxy.test:3128', false], // without a scheme, as curl takes it
  ['HTTP_PROXY', 'http://jane:se/cret@proxy.test', false],
  ['GOPROXY', 'https://jane:secret@modules.test', false],
  ['GOPROXY', 'https://modules.test,direct', true],
  ['SLIPWAY_DEBIAN_MIRROR', 'http://jane:secret@mirror.test/debian', false],
  ['SLIPWAY_DEBIAN_SECURITY_MIRROR', 'http://mirror.test/debian-security', true],
  ['PATH', '/opt/python@3.12/bin:/usr/bin', true],
])('passes no address with a password, and what only looks so: %s=%s', (name, value, isPassed) => {
  expect(wordsForSudo(words, { [name]: value }, true).includes(`${name}=${value}`)).toBe(isPassed);
});

it('says how it can be ended where it may not end it', () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  endRoots({ pid: 4711 }, () => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
  write.mockRestore();
  expect(said.join('')).toContain('sudo kill 4711');
});

it('asks for no password where nobody could type one', () => {
  expect(wordsForSudo(words, {}, false)[0]).toBe('-n');
});
