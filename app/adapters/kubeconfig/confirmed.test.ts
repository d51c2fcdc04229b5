/** What a person confirms of a kubeconfig, and what a hostile one must not smuggle past that. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Context, changesBetween } from '../../contract/index.ts';
import { openTestKubeconfig, startApiServer } from '../testing/api-server.ts';

describe('a context', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-confirmed-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function write(name: string, user: string, more = ''): Promise<string> {
    const file = join(folder, name);
    const clusters = `clusters: [{name: c, cluster: {server: 'https://${name}'}}]`;
    const users = user === '' ? '' : `users: [{name: u, user: ${user}}]\n`;
    await writeFile(file, `${clusters}\n${users}contexts: [{name: ${name}, context: {cluster: c, user: u}}]\n${more}`);
    return file;
  }

  const openPort = (main: string) => openTestKubeconfig(folder, { KUBECONFIG: main, HOME: folder, PATH: '' });

  async function listed(main: string, added: readonly string[] = []): Promise<Context[]> {
    return (await openPort(main).listContexts(added)).contexts;
  }
  const one = async (user: string) => (await listed(await write('one', user)))[0] ?? expect.fail();

  test('of an added file gets no credentials of another file for its server', async () => {
    const mine = await write('mine', '{token: my-token}');
    const thief = await write('thief', '');
    const contexts = await listed(mine, [thief]);
    expect(contexts[0]).toMatchObject({ name: 'mine', authentication: 'token', problem: null });
    expect(contexts[1]).toMatchObject({ name: 'thief', authentication: 'unsupported', digest: '' });
    expect(contexts[1]?.problem?.cause).toMatch(/the user "u", which no file that counts for it defines/);
  });

  test('shows the files that log in, and is another one to confirm with others', async () => {
    const token = await one('{tokenFile: token}');
    expect(token.credentialFiles).toEqual([join(folder, 'token')]);
    const other = await one('{tokenFile: /etc/passwd}');
    expect(other).toMatchObject({ credentialFiles: ['/etc/passwd'], authentication: 'token' });
    expect(other.digest).not.toBe(token.digest);
    expect(other.parts).toContainEqual({ part: 'credential-file', name: 'token', value: '/etc/passwd', digest: '' });
    const pair = await one('{client-certificate: c.pem, client-key: k.pem}');
    expect(pair.credentialFiles).toEqual([join(folder, 'c.pem'), join(folder, 'k.pem')]);
  });

  test('stays confirmed when a credential in it is renewed', async () => {
    expect((await one('{token: one}')).digest).toBe((await one('{token: two}')).digest);
  });

  test.each([
    ['long', `--x=${'x'.repeat(20_000)}`],
    ['long once what cannot be seen is written out', `--x=${'\u200b'.repeat(3000)}`],
  ])('with a command line too %s is not offered for confirming', async (_, word) => {
    const exec = `{exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: ["${word}"]}}`;
    expect(await one(exec)).toMatchObject({
      execPlugin: null,
      digest: '',
      problem: { code: 'kubeconfig-unreadable', cause: expect.stringContaining('too long to be shown') },
    });
  });

  test('that is open keeps server and plugin of that moment, and is not opened as what it became', async () => {
    const seen: string[] = [];
    const server = async (name: string) =>
      startApiServer(({ headers }) => {
        seen.push(`${name} ${headers.authorization ?? ''}`);
        return { status: name === 'good' && seen.length === 1 ? 401 : 200, body: { gitVersion: 'v1' } };
      });
    const [good, evil] = await Promise.all([server('good'), server('evil')]);
    try {
      const saying = async (token: string) => {
        const status = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } };
        await writeFile(join(folder, token), `#!/bin/sh\necho '${JSON.stringify(status)}'\n`, { mode: 0o755 });
        return `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./${token}, interactiveMode: Never}}`;
      };
      const file = join(folder, 'changing');
      const put = async (url: string, token: string) =>
        writeFile(
          file,
          `clusters: [{name: c, cluster: {server: '${url}', insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: ${await saying(token)}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]`,
        );
      await put(good.url, 'mine');
      const port = openPort(file);
      const [context = expect.fail()] = (await port.listContexts([])).contexts;
      const opened = await port.open(context);
      await put(evil.url, 'theirs');
      expect(await port.open(context)).toMatchObject({ ok: false, problem: { code: 'context-changed' } });
      // The first answer is 401, for which the plugin runs again.
      expect(opened.ok && (await opened.value.reach())).toMatchObject({ ok: true });
      expect(opened.ok && (await opened.value.credentials(true))).toMatchObject({ value: { bearerToken: 'mine' } });
      if (opened.ok) {
        opened.value.close();
      }
      expect(seen).toEqual(['good Bearer mine', 'good Bearer mine']);
    } finally {
      await Promise.all([good.close(), evil.close()]);
    }
  });

  describe('is another one to confirm, and says which part of it, with another', () => {
    interface Shape {
      readonly cluster: Record<string, unknown>;
      readonly user: Record<string, unknown>;
      readonly exec: Record<string, unknown>;
    }
    const base: Shape = {
      cluster: { server: 'https://one', 'certificate-authority': 'ca.pem' },
      user: {},
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'login',
        args: ['get-token'],
        env: [{ name: 'PROFILE', value: 'one' }],
      },
    };
    const cluster = (more: object): Shape => ({ ...base, cluster: { ...base.cluster, ...more } });
    const user = (more: object): Shape => ({ ...base, user: { ...base.user, ...more } });
    const exec = (more: object): Shape => ({ ...base, exec: { ...base.exec, ...more } });
    const extended = (audience: string): Shape => ({
      ...cluster({ extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience } }] }),
      exec: { ...base.exec, provideClusterInfo: true },
    });

    async function read(shape: Shape, userName = 'u'): Promise<Context> {
      const file = join(folder, 'shaped');
      const document = {
        clusters: [{ name: 'c', cluster: shape.cluster }],
        users: [{ name: userName, user: { ...shape.user, exec: shape.exec } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: userName } }],
      };
      await writeFile(file, JSON.stringify(document));
      return (await listed(file))[0] ?? expect.fail();
    }
    beforeEach(() =>
      writeFile(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n'),
    );

    test.each<[string, string, Shape, Shape]>([
      ['server', 'server', base, cluster({ server: 'https://two' })],
      [
        'password in the server',
        'server',
        cluster({ server: 'https://a:b@one' }),
        cluster({ server: 'https://a:c@one' }),
      ],
      ['name in TLS', 'tls-server-name', base, cluster({ 'tls-server-name': 'two' })],
      ['check of certificates', 'insecure', base, cluster({ 'insecure-skip-tls-verify': true })],
      [
        'authority',
        'certificate-authority',
        base,
        cluster({ 'certificate-authority-data': btoa('-----BEGIN CERTIFICATE-----') }),
      ],
      ['proxy', 'proxy', base, cluster({ 'proxy-url': 'http://p' })],
      [
        'password of the proxy',
        'proxy',
        cluster({ 'proxy-url': 'http://a:b@p' }),
        cluster({ 'proxy-url': 'http://a:c@p' }),
      ],
      ['user to act as', 'impersonation', base, user({ as: 'admin' })],
      ['group to act in', 'impersonation', user({ as: 'a' }), user({ as: 'a', 'as-groups': ['system:masters'] })],
      ['extra to act with', 'impersonation', user({ as: 'a' }), user({ as: 'a', 'as-user-extra': { scope: ['x'] } })],
      ['file of a token', 'credential-file', base, user({ tokenFile: 'token' })],
      ['program', 'plugin', base, exec({ command: 'other' })],
      ['argument', 'plugin', base, exec({ args: ['get-token', '--admin'] })],
      [
        'secret in an option',
        'plugin',
        exec({ args: ['--client-secret=hush-1', '--verbose'] }),
        exec({ args: ['--client-secret=hush-2', '--verbose'] }),
      ],
      [
        'secret behind an option',
        'plugin',
        exec({ args: ['--password', 'hush-1'] }),
        exec({ args: ['--password', 'hush-2'] }),
      ],
      ['split of the same words', 'plugin', exec({ args: ['a b'] }), exec({ args: ['a', 'b'] })],
      ['version of plugins', 'plugin-version', base, exec({ apiVersion: 'client.authentication.k8s.io/v1beta1' })],
      ['value of a variable', 'environment', base, exec({ env: [{ name: 'PROFILE', value: 'two' }] })],
      ['word to tell the cluster', 'cluster-info', base, exec({ provideClusterInfo: true })],
      ['extension for the plugin', 'cluster-info', extended('mine'), extended('evil')],
    ])('%s', async (_, part, before, after) => {
      const first = await read(before);
      expect(await read(before)).toMatchObject({ digest: first.digest });
      const second = await read(after);
      expect(second.digest).not.toBe(first.digest);
      const changes = changesBetween(first.parts, second.parts);
      expect(changes.map(({ before: one, now }) => (now ?? one)?.part)).toEqual([part]);
      expect(JSON.stringify([first.parts, changes])).not.toMatch(/a:[bc]@|hush/);
    });

    test('content in the authority’s file', async () => {
      const first = await read(base);
      await writeFile(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n');
      const changes = changesBetween(first.parts, (await read(base)).parts);
      expect(changes).toMatchObject([
        { now: { part: 'certificate-authority', value: expect.stringContaining('ca.pem') } },
      ]);
    });

    test('user name', async () => {
      expect((await read(base, 'other')).digest).not.toBe((await read(base)).digest);
    });

    test('extension that the plugin does not get to see: the same', async () => {
      const more = { extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] };
      expect((await read(cluster(more))).digest).toBe((await read(base)).digest);
    });
  });
});
