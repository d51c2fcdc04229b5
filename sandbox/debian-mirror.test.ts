import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findMirrors } from './debian-mirror.ts';

const usual = ['http://deb.debian.org/debian'];
const usualSecurity = ['http://deb.debian.org/debian-security'];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-apt-'));
  for (const part of ['sources.list.d', 'apt.conf.d']) mkdirSync(path.join(folder, part));
});
afterEach(() => rmSync(folder, { recursive: true }));

const debian12 = `Types: deb
# a comment
URIs: http://mirror.test/debian
  https://second.test/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
`;
const inlineKey = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n';

test.each<[string, Record<string, string>, string[], string[]]>([
  ['a machine without apt', {}, [], []],
  [
    'Debian in stanzas',
    { 'sources.list.d/debian.sources': debian12 },
    ['http://mirror.test/debian', 'https://second.test/debian'],
    ['http://mirror.test/debian-security'],
  ],
  [
    'Debian in lines',
    {
      'sources.list':
        '# deb http://old.test/debian bookworm main\ndeb [arch=amd64] http://line.test/debian trixie main contrib\ndeb-src http://source.test/debian trixie main\ndeb http://line.test/security trixie-security main\n',
    },
    ['http://line.test/debian'],
    ['http://line.test/security'],
  ],
  ['Ubuntu', { 'sources.list': 'deb http://archive.test/ubuntu noble main universe\n' }, [], []],
  [
    'others that name their suites after Debian’s',
    {
      'sources.list.d/vpn.list': 'deb [signed-by=/usr/share/keyrings/vpn.gpg] https://vpn.test/debian bookworm main\n',
      'sources.list.d/node.sources': `Types: deb\nURIs: https://node.test\nSuites: bookworm\nComponents: main\n${inlineKey}`,
      'sources.list.d/docker.list': 'deb https://docker.test/linux/debian bookworm stable\n',
    },
    [],
    [],
  ],
  ['a source that is off', { 'sources.list.d/off.sources': `Enabled: no\n${debian12.split('\n\n')[0]}\n` }, [], []],
  ['a disc', { 'sources.list': 'deb cdrom:[Debian]/ bookworm main\n' }, [], []],
])('mirrors on %s, and then the usual one', async (_, files, main, security) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  expect(await findMirrors({}, folder)).toEqual({
    main: [...main, ...usual],
    security: [...security, ...usualSecurity],
    proxy: '',
    ignoreValidUntil: false,
    ignoreDate: false,
  });
});

test('the environment’s mirror is the only one, and its security archive is beside it', async () => {
  writeFileSync(path.join(folder, 'sources.list'), 'deb http://line.test/debian bookworm main\n');
  const named = { SLIPWAY_DEBIAN_MIRROR: 'http://named.test/debian/' };
  expect(await findMirrors(named, folder)).toMatchObject({
    main: ['http://named.test/debian/'],
    security: ['http://named.test/debian-security'],
  });
  const both = { ...named, SLIPWAY_DEBIAN_SECURITY_MIRROR: 'http://other.test/security' };
  expect((await findMirrors(both, folder)).security).toEqual(['http://other.test/security']);
});

test('apt’s proxy and its words on dates count, unless the environment names a proxy', async () => {
  writeFileSync(path.join(folder, 'apt.conf'), 'Acquire::http::Proxy "http://first.test:3128";\n');
  writeFileSync(
    path.join(folder, 'apt.conf.d/99local'),
    'Acquire::http::Proxy "http://proxy.test:3128";\nAcquire::Check-Valid-Until "false";\n# Acquire::Check-Date "false";\n',
  );
  expect(await findMirrors({}, folder)).toMatchObject({
    proxy: 'http://proxy.test:3128',
    ignoreValidUntil: true,
    ignoreDate: false,
  });
  expect((await findMirrors({ http_proxy: 'http://mine.test' }, folder)).proxy).toBe('');
  writeFileSync(path.join(folder, 'apt.conf.d/99zdirect'), 'Acquire::http::Proxy "DIRECT";\n');
  expect((await findMirrors({}, folder)).proxy).toBe('');
});
