/** Kubeconfigs that are odd, and those that cannot be read: what is told, and what is never taken for another. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestKubeconfig } from '../testing/api-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function kubeconfig(environment: Record<string, string | undefined> = {}) {
  const complete = { HOME: folder, PATH: process.env.PATH, ...environment };
  return openTestKubeconfig(folder, complete);
}

async function write(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  return file;
}

describe('what is odd and read all the same', () => {
  const body =
    'clusters: [{name: c, cluster: {server: "https://one"}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n';
  const listed = async (content: string | Buffer) => {
    const file = join(folder, 'odd');
    await writeFile(file, content);
    const { contexts, problems, warnings } = await kubeconfig({ KUBECONFIG: file }).listContexts([]);
    expect(problems).toEqual([]);
    const own = contexts.flatMap((context) => context.warnings ?? []);
    return {
      contexts,
      said: warnings.map(({ code, cause }) => `${code}: ${cause}`),
      own: own.map(({ cause }) => cause),
    };
  };

  test.each([
    [
      'a key twice',
      body.replace('user: {token: t}', 'user: {token: s, token: t}'),
      'line 2: "token" is given twice; the last one counts',
      true,
    ],
    [
      'an empty user name',
      body.replace('users: [', 'users: [{name: "", user: {token: x}}, '),
      'line 2: this entry of users has no name',
      false,
    ],
    [
      'a user without content',
      body.replace('user: {token: t}', 'user: null'),
      'line 2: "u" in users has no content',
      true,
    ],
    [
      'a field that is misspelt',
      body.replace('{token: t}', '{Token: s, token: t}'),
      'line 2: no field is called "Token", so it is not read',
      true,
    ],
    [
      'an authority twice',
      body
        .replace('"https://one"', '"https://one", certificate-authority: x, certificate-authority-data: ""')
        .replace('data: ""', 'data: QUJD'),
      'line 1: both "certificate-authority" and "certificate-authority-data" are given; "certificate-authority-data" counts',
      true,
    ],
    [
      'a second document',
      `${body}---\nkind: Pod\n`,
      'line 4: a second YAML document begins here, and is not read',
      false,
    ],
    [
      'UTF-16 of PowerShell',
      Buffer.from(`\ufeff${body}`, 'utf16le'),
      'it is written in UTF-16, as PowerShell does, which many other programs cannot read',
      false,
    ],
  ])('%s is told with its line', async (_, content, because, isOfContext) => {
    const { contexts, said, own } = await listed(content);
    expect(contexts).toMatchObject([{ name: 'x', server: 'https://one', problem: null }]);
    expect(said).toEqual([`kubeconfig-odd: ${because}`]);
    expect(own).toEqual(isOfContext ? [because] : []);
  });

  test.each([
    ['line ends of Windows', body.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${body}`],
    [
      'JSON with tabs',
      JSON.stringify(
        {
          clusters: [{ name: 'c', cluster: { server: 'https://one' } }],
          contexts: [{ name: 'x', context: { cluster: 'c' } }],
        },
        null,
        '\t',
      ),
    ],
    ['null lists', `${body}extensions: null\npreferences: null\n`],
    [
      'anchors and merges',
      body.replace('{server: "https://one"}', '{<<: {server: "https://two"}, server: "https://one"}'),
    ],
  ])('%s need no warning', async (_, content) => {
    const { contexts, said } = await listed(content);
    expect(contexts).toMatchObject([{ name: 'x', server: 'https://one', problem: null }]);
    expect(said).toEqual([]);
  });

  test.each([
    ['host:6443', 'http://host:6443'],
    ['10.0.0.1:6443', 'http://10.0.0.1:6443'],
    ['HTTPS://Host:6443', 'https://Host:6443'],
    ['https://h/a/b/', 'https://h/a/b/'],
    ['https://[fd00::1]:6443', 'https://[fd00::1]:6443'],
    ['h/a', null],
    ['https:h', null],
    ['https:\\\\h', null],
    ['file:///etc/passwd', null],
  ])('the server %s is %s', async (server, address) => {
    const { contexts } = await listed(body.replace('"https://one"', `'${server}'`));
    expect(contexts[0]).toMatchObject(
      address === null ? { problem: { code: 'kubeconfig-unreadable' } } : { server: address, problem: null },
    );
  });
});

describe('a file that cannot be read', () => {
  const tail =
    'clusters: [{name: c, cluster: {server: "https://other"}}]\ncontexts: [{name: prod, context: {cluster: c}}]\n';

  test.each([
    ['that holds the name', 'contexts: [{name: prod, context: {cluster: mine}}]\nusers: [{name: 5}]\n', true],
    ['that holds the name of its cluster', 'clusters: [{name: c]\n', true],
    ['whose text may stand for anything', 'contexts: [{name: "\\x70rod"\n', true],
    ['that holds none of its names', 'users: [{name: 5}]\n', false],
  ])('%s: the same name in a later one is marked', async (_, content, isDoubted) => {
    const broken = await write('broken', content);
    const later = await write('later', `${tail}current-context: prod\n`);
    const { contexts, problems } = await kubeconfig({ KUBECONFIG: `${broken}:${later}` }).listContexts([]);
    expect(problems).toMatchObject([
      { code: 'kubeconfig-unreadable', facts: { file: broken, line: expect.any(String) } },
    ]);
    expect(contexts).toMatchObject([{ name: 'prod', server: 'https://other', problem: null }]);
    if (isDoubted) {
      expect(contexts[0]?.doubt).toMatchObject({ code: 'context-unconfirmed', cause: expect.stringContaining(broken) });
    } else {
      expect(contexts[0]?.doubt).toBeNull();
    }
  });

  test('may have set the current context, so that none is known', async () => {
    const broken = await write('broken', 'current-context: prod\nusers: [{name: 5}]\n');
    const later = await write('later', `${tail}current-context: prod\n`);
    const { contexts } = await kubeconfig({ KUBECONFIG: `${broken}:${later}` }).listContexts([]);
    expect(contexts).toMatchObject([{ name: 'prod', current: false }]);
  });

  test('after it, or beside it by the setting, casts no doubt', async () => {
    const first = await write('first', tail);
    const broken = await write('broken', 'contexts: [{name: prod]\n');
    const { contexts } = await kubeconfig({ KUBECONFIG: `${first}:${broken}` }).listContexts([broken]);
    expect(contexts).toMatchObject([{ name: 'prod', doubt: null }]);
  });
});
