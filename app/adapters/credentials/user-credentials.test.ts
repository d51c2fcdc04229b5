/** Wrong credentials on disk, one of each kind: told as configuration, with the user and its kubeconfig, and never sent. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noUser, type UserEntry } from '../kubeconfig/schema.ts';
import { testdata } from '../testing/api-server.ts';
import { userCredentials } from './user-credentials.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-user-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const certificate = readFileSync(join(testdata, 'client.pem'), 'utf8');
const key = readFileSync(join(testdata, 'client-key.pem'), 'utf8');
const otherKey = readFileSync(join(testdata, 'expired-client-key.pem'), 'utf8');
const encrypted = createPrivateKey(key).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
});
const edwards = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const pair = (one: string, other: string | Buffer): Partial<UserEntry> => ({
  'client-certificate-data': base64(one),
  'client-key-data': base64(other),
});

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}
const read = (user: Partial<UserEntry>) =>
  userCredentials({ user: { ...noUser, ...user }, userName: 'jo', userFile: '/kc', userFolder: folder });

test.each<[string, () => Partial<UserEntry>, RegExp]>([
  [
    'a key of another certificate',
    () => pair(certificate, otherKey),
    /client-certificate-data and .*client-key-data do not belong/,
  ],
  ['a key of another kind', () => pair(certificate, edwards), /do not belong together/],
  ['an encrypted key', () => pair(certificate, encrypted), /key in client-key-data is encrypted/],
  [
    'an encrypted key of the old form',
    () => pair(certificate, key.replace('\n', '\nProc-Type: 4,ENCRYPTED\n')),
    /is encrypted/,
  ],
  [
    'a key of an unknown kind',
    () => pair(certificate, key.replaceAll('PRIVATE', 'STRANGE')),
    /key in client-key-data cannot be read/,
  ],
  ['a broken key', () => pair(certificate, key.slice(0, 80)), /key in client-key-data cannot be read/],
  [
    'a broken certificate',
    () => pair(certificate.slice(0, 200), key),
    /certificate in client-certificate-data cannot be read/,
  ],
  ['data that is no PEM', () => pair('DER', key), /client-certificate-data holds no certificate in PEM/],
  ['a certificate alone', () => ({ 'client-certificate-data': base64(certificate) }), /without a key/],
  ['a key alone', () => ({ 'client-key-data': base64(key) }), /without a certificate/],
  [
    'a file of another certificate’s key',
    () => ({ 'client-certificate': file('c', certificate), 'client-key': file('k', otherKey) }),
    /slipway-user-\w+\/c and the key in .*\/k do not belong/,
  ],
  [
    'a certificate that is not there',
    () => ({ 'client-certificate': 'gone.pem', 'client-key': 'k' }),
    /client-certificate names .*gone\.pem: it does not exist/,
  ],
  [
    'a path of Windows',
    () => ({ 'client-certificate': 'C:\\Users\\jo\\c.crt', 'client-key': 'k' }),
    /C:\\Users\\jo\\c\.crt, a path of Windows/,
  ],
  ['a share of Windows', () => ({ tokenFile: '\\\\server\\token' }), /a path of Windows/],
  ['a token with a line break', () => ({ token: 'abc\ndef' }), /^user "jo": its token holds a line break$/],
  ['a token that ends in one', () => ({ token: 'abc\n' }), /its token holds a line break/],
  ['a token with a space', () => ({ token: 'abc def' }), /its token holds a space/],
  ['a token that is no ASCII', () => ({ token: 'abc\u200b' }), /its token holds a character/],
  [
    'a token file with two lines',
    () => ({ tokenFile: file('t', 'abc\r\ndef\r\n') }),
    /token file .*\/t holds a line break/,
  ],
  ['an empty token file', () => ({ tokenFile: file('t', ' \r\n') }), /token file .*\/t is empty/],
  ['a token file that is not there', () => ({ tokenFile: 'gone' }), /tokenFile names .*\/gone: it does not exist/],
  ['a token file that is a folder', () => ({ tokenFile: '.' }), /tokenFile names .*: it is not a regular file/],
])('%s', async (_, user, because) => {
  const found = await read(user());
  expect(found).toMatchObject({
    ok: false,
    problem: {
      code: 'credentials-unusable',
      cause: expect.stringMatching(because),
      facts: { user: 'jo', file: '/kc' },
    },
  });
  expect(JSON.stringify(found)).not.toMatch(/abc|PRIVATE/);
});

test('a file that may not be read', async () => {
  const token = file('t', 'abc');
  chmodSync(join(folder, token), 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    process.seteuid?.(65_534); // root may read everything
  }
  try {
    expect(await read({ tokenFile: token })).toMatchObject({
      problem: { cause: expect.stringContaining('you may not read it') },
    });
  } finally {
    if (isRoot) {
      process.seteuid?.(0);
    }
  }
});

test('what is right is taken, a token file without its line end and before an inline token', async () => {
  const clientCertificate = certificate;
  expect(await read(pair(certificate, key))).toEqual({ ok: true, value: { clientCertificate, clientKey: key } });
  const tokenFile = file('t', 'fresh\r\n');
  expect(await read({ token: 'stale', tokenFile })).toEqual({ ok: true, value: { bearerToken: 'fresh' } });
  expect(await read({ token: 'stale', tokenFile: 'gone' })).toEqual({ ok: true, value: { bearerToken: 'stale' } });
  expect(await read({})).toEqual({ ok: true, value: {} });
});
