/** What a person confirms of a kubeconfig, and what a hostile one must not smuggle past that. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../contract/index.ts';
import { openAgentRecords } from '../agent/records.ts';
import { agentTimes } from '../agent/times.ts';
import { silentLog } from '../testing/api-server.ts';
import { openKubeconfig } from './kubeconfig.ts';

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

  async function listed(main: string, added: readonly string[] = []): Promise<Context[]> {
    const port = openKubeconfig({
      environment: async () => ({ KUBECONFIG: main, HOME: folder, PATH: '' }),
      agent: {
        binary: () => Promise.reject(new Error('not here')),
        build: 'test',
        times: agentTimes({}),
        records: openAgentRecords(folder, silentLog),
        log: silentLog,
      },
    });
    return (await port.listContexts(added)).contexts;
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
});
