import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTestKubeconfig } from '../testing/api-server.ts';

let folder: string;
const closing: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-kubeconfig-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) {
    close();
  }
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

const config = (name: string, server: string, more = '') => `
apiVersion: v1
kind: Config
current-context: ${name}
clusters: [{name: ${name}, cluster: {server: '${server}'}}]
users: [{name: ${name}, user: {token: abc ${more}}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}}}]
`;

describe('files', () => {
  test('takes ~/.kube/config, or KUBECONFIG as a list, skipping what does not exist', async () => {
    await write('.kube/config', config('home', 'https://home'));
    const one = await write('one', config('one', 'https://one'));
    const two = await write('two', config('two', 'https://two'));
    const names = async (environment = {}) =>
      (await kubeconfig(environment).listContexts([])).contexts.map((context) => [context.name, context.current]);
    expect(await names()).toEqual([['home', true]]);
    expect(await names({ KUBECONFIG: `${one}:/no/such/file::${two}:${one}` })).toEqual([
      ['one', true],
      ['two', false],
    ]);
  });

  test('says so when there is none at all', async () => {
    const { contexts, problems } = await kubeconfig().listContexts([]);
    expect(contexts).toEqual([]);
    expect(problems).toMatchObject([{ code: 'kubeconfig-missing', cause: expect.stringContaining('.kube/config') }]);
  });

  test('a broken file is told with its line, and the others still count', async () => {
    const good = await write('good', config('good', 'https://good'));
    const bad = await write('bad', 'apiVersion: v1\nkind: Config\nclusters:\n  - name: [oops\n');
    const { contexts, problems } = await kubeconfig({ KUBECONFIG: `${bad}:${good}` }).listContexts([]);
    expect(contexts.map((context) => context.name)).toEqual(['good']);
    expect(problems).toMatchObject([{ code: 'kubeconfig-unreadable', facts: { file: bad, line: expect.any(String) } }]);
    expect(problems[0]?.cause).toMatch(/line [45]/);
  });

  test.each([
    ['not YAML of an object', 'just text'],
    ['a list', '- a\n- b\n'],
    ['another kind', 'kind: Pod\napiVersion: v1\n'],
    ['contexts that are no list', 'contexts: {a: 1}\n'],
    ['binary', '\u0000\u0001\u0002'],
    ['a name twice in a list', 'users: [{name: a}, {name: a}]\n'],
    ['a name that is a number', 'contexts: [{name: 5, context: {}}]\n'],
    ['data that is not base64', 'users: [{name: a, user: {client-key-data: "%%%"}}]\n'],
    ['a control character', 'kind: Config\n# \u0007\n'],
    [
      'a YAML bomb',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
    ],
  ])('refuses %s', async (_, content) => {
    const file = await write('hostile', content);
    const { contexts, problems } = await kubeconfig({ KUBECONFIG: file }).listContexts([]);
    expect(contexts).toEqual([]);
    expect(problems).toMatchObject([{ code: 'kubeconfig-unreadable', facts: { file } }]);
  });

  test('does not hang on a pipe nor read a folder', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { problems } = await kubeconfig({ KUBECONFIG: `${pipe}:${folder}` }).listContexts([]);
    expect(problems.map((problem) => problem.code)).toEqual(['kubeconfig-unreadable', 'kubeconfig-unreadable']);
  });

  test('names like those of JavaScript objects are only names', async () => {
    const file = await write('proto', config('__proto__', 'https://one').replaceAll('__proto__', '"__proto__"'));
    const { contexts } = await kubeconfig({ KUBECONFIG: file }).listContexts([]);
    expect(contexts).toMatchObject([{ name: '__proto__', cluster: '__proto__', problem: null }]);
    expect(({} as Record<string, unknown>).server).toBeUndefined();
  });
});

describe('merging', () => {
  test('the first definition wins, across files, as with kubectl', async () => {
    const one = await write(
      'one',
      'current-context: a\nclusters: [{name: c, cluster: {server: "https://first"}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n',
    );
    const two = await write(
      'two',
      'current-context: b\nclusters: [{name: c, cluster: {server: "https://second"}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: a, context: {cluster: x}}, {name: b, context: {cluster: c, user: u, namespace: team}}]\n',
    );
    const { contexts } = await kubeconfig({ KUBECONFIG: `${one}:${two}` }).listContexts([]);
    expect(contexts).toMatchObject([
      { name: 'a', server: 'https://first', authentication: 'token', current: true, file: one, namespace: 'default' },
      { name: 'b', server: 'https://first', current: false, file: two, namespace: 'team' },
    ]);
  });

  test('added files keep their own clusters and users, and contexts of one name stay apart', async () => {
    await write('.kube/config', config('default', 'https://mine'));
    const added = await write('k3s.yaml', config('default', 'https://theirs'));
    const port = kubeconfig();
    const { contexts } = await port.listContexts([added]);
    expect(contexts.map((context) => [context.name, context.server])).toEqual([
      ['default', 'https://mine'],
      ['default@k3s.yaml', 'https://theirs'],
    ]);
    const opened = await port.open(contexts[1] ?? expect.fail());
    expect(opened).toMatchObject({ ok: true, value: { address: { server: 'https://theirs' } } });
  });

  test('a missing added file is told', async () => {
    await write('.kube/config', config('home', 'https://home'));
    const { contexts, problems } = await kubeconfig().listContexts([join(folder, 'gone')]);
    expect(contexts).toHaveLength(1);
    expect(problems).toMatchObject([{ code: 'kubeconfig-unreadable' }]);
  });
});

describe('contexts', () => {
  const one = async (yaml: string) => {
    const file = await write('one', yaml);
    const port = kubeconfig({ KUBECONFIG: file });
    const { contexts } = await port.listContexts([]);
    return { context: contexts[0] ?? expect.fail('no context'), contexts, port };
  };

  test.each([
    [
      'a cluster that no file defines',
      'contexts: [{name: x, context: {cluster: c, user: u}}]',
      /no file that counts for it defines/,
    ],
    ['no cluster', 'contexts: [{name: x, context: {user: u}}]', /cluster/],
    ['a context that is null', 'contexts: [{name: x}]', /./],
    ['no server', 'clusters: [{name: c, cluster: {}}]\ncontexts: [{name: x, context: {cluster: c}}]', /server/],
    [
      'a server of another protocol',
      'clusters: [{name: c, cluster: {server: "file:///etc/passwd"}}]\ncontexts: [{name: x, context: {cluster: c}}]',
      /not an http or https/,
    ],
    [
      'an auth-provider',
      'clusters: [{name: c, cluster: {server: "https://a"}}]\nusers: [{name: u, user: {auth-provider: {name: gcp}}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]',
      /auth-provider "gcp"/,
    ],
    [
      'a proxy that is none',
      'clusters: [{name: c, cluster: {server: "https://a", proxy-url: "ftp://p:secret@h"}}]\ncontexts: [{name: x, context: {cluster: c}}]',
      /proxy-url/,
    ],
    [
      'an exec plugin of an old version',
      'clusters: [{name: c, cluster: {server: "https://a"}}]\nusers: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]',
      /apiVersion/,
    ],
  ])('%s spoils that context only', async (_, yaml, because) => {
    const healthy = '\n- {name: fine, context: {cluster: fine}}';
    const more = yaml
      .replace('contexts: [', 'contexts:\n- ')
      .replace(/\]$/, '')
      .concat(healthy)
      .replace('clusters: [', 'clusters: [{name: fine, cluster: {server: "https://fine"}}, ');
    const { contexts, port } = await one(
      more.includes('clusters') ? more : `clusters: [{name: fine, cluster: {server: "https://fine"}}]\n${more}`,
    );
    expect(contexts).toMatchObject([
      {
        name: 'x',
        authentication: 'unsupported',
        problem: { code: 'kubeconfig-unreadable', cause: expect.stringMatching(because) },
      },
      { name: 'fine', problem: null },
    ]);
    expect(JSON.stringify(contexts)).not.toContain('secret');
    expect(await port.open(contexts[0] ?? expect.fail())).toMatchObject({
      ok: false,
      problem: { code: 'kubeconfig-unreadable' },
    });
  });

  test('passwords in the server address are not shown', async () => {
    const { context } = await one(config('x', 'https://jane:secret@api'));
    expect(context.server).toBe('https://***@api');
  });

  test('opening reads certificates beside the file that names them', async () => {
    await write('pki/ca.pem', '-----BEGIN CERTIFICATE-----\nabc\n');
    const yaml = config('x', 'https://api').replace(
      "'https://api'",
      "'https://api', certificate-authority: pki/ca.pem, tls-server-name: name, insecure-skip-tls-verify: false, proxy-url: 'http://proxy:3128'",
    );
    const { context, port } = await one(yaml);
    const opened = await port.open(context);
    expect(opened).toMatchObject({
      ok: true,
      value: {
        address: {
          server: 'https://api',
          certificateAuthority: '-----BEGIN CERTIFICATE-----\nabc\n',
          tlsServerName: 'name',
          proxyUrl: 'http://proxy:3128',
        },
      },
    });
  });

  test('a certificate that is missing or garbage is a problem of opening, not of listing', async () => {
    const missing = await one(
      config('x', 'https://api').replace("'https://api'", "'https://api', certificate-authority: gone.pem"),
    );
    expect(missing.context.problem).toBeNull();
    expect(await missing.port.open(missing.context)).toMatchObject({
      ok: false,
      problem: { code: 'kubeconfig-unreadable' },
    });
    const garbage = await one(
      config('x', 'https://api').replace("'https://api'", "'https://api', certificate-authority-data: 'QUJD'"),
    );
    expect(await garbage.port.open(garbage.context)).toMatchObject({
      ok: false,
      problem: { code: 'kubeconfig-unreadable' },
    });
  });

  test('a context that went away is unknown', async () => {
    const { context, port } = await one(config('x', 'https://api'));
    await write('one', config('y', 'https://api'));
    expect(await port.open(context)).toMatchObject({ ok: false, problem: { code: 'context-unknown' } });
  });
});

describe('exec plugins', () => {
  const plugin = (command: string, more = '') => `
clusters: [{name: c, cluster: {server: 'https://a'}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: '${command}', args: [get, '--cluster=x'], env: [{name: SECRET, value: hidden}]${more}}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
`;
  async function script(path: string): Promise<string> {
    const file = await write(path, `#!/bin/sh\ntouch '${folder}/ran'\n`);
    await chmod(file, 0o755);
    return file;
  }
  const shown = async (yaml: string, path = '') => {
    const file = await write('one', yaml);
    const { contexts } = await kubeconfig({ KUBECONFIG: file, PATH: path }).listContexts([]);
    return contexts[0]?.execPlugin ?? expect.fail('no plugin');
  };

  test('are shown whole but for the values of their environment, and not run', async () => {
    const program = await script('bin/login');
    const found = await shown(plugin('login'), join(folder, 'bin'));
    expect(found).toEqual({
      command: program,
      arguments: ['get', '--cluster=x'],
      environmentNames: ['SECRET'],
      digest: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
      trusted: false,
      refusal: null,
    });
    const { existsSync } = await import('node:fs');
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  test('a command with a folder is relative to the file, a bare one never to the current folder', async () => {
    const program = await script('bin/login');
    expect((await shown(plugin('./bin/login'))).command).toBe(program);
    const before = process.cwd();
    process.chdir(join(folder, 'bin'));
    try {
      expect((await shown(plugin('login'), '.::relative')).command).toBe('login');
    } finally {
      process.chdir(before);
    }
  });

  test('the digest changes with anything that is run', async () => {
    await script('bin/login');
    await script('other/login');
    const digests = [
      await shown(plugin('login'), join(folder, 'bin')),
      await shown(plugin('login'), join(folder, 'other')),
      await shown(plugin('login'), ''),
      await shown(plugin('login').replace('get', 'put'), join(folder, 'bin')),
      await shown(plugin('login').replace('hidden', 'else'), join(folder, 'bin')),
      await shown(plugin('login', ', provideClusterInfo: true'), join(folder, 'bin')),
    ].map((found) => found.digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect((await shown(plugin('login'), join(folder, 'bin'))).digest).toBe(digests[0]);
  });
});

describe('watching', () => {
  const soon = { timeout: 10_000, interval: 20 };

  test('hears a change, a replacement by rename, a symlink turned and a first file', async () => {
    const file = await write('kube/config', config('one', 'https://one'));
    await write('real-one', 'a');
    await write('real-two', 'bb');
    const link = join(folder, 'links/config');
    await mkdir(join(folder, 'links'));
    await symlink(join(folder, 'real-one'), link);
    const later = join(folder, 'not/yet/there');
    let heard = 0;
    closing.push(
      kubeconfig({ KUBECONFIG: `${file}:${link}:${later}` }).watch([], () => {
        heard += 1;
      }),
    );
    // The watch arms itself in its own time: write until it hears.
    const hears = async (change: (turn: number) => Promise<void>) => {
      const before = heard;
      let turn = 0;
      await vi.waitFor(async () => {
        turn += 1;
        await change(turn);
        await new Promise((resolve) => setTimeout(resolve, 400));
        expect(heard).toBeGreaterThan(before);
      }, soon);
    };
    await hears(async (turn) => writeFile(file, `${config('two', 'https://two')}#${turn}`));
    await hears(async (turn) => {
      await writeFile(`${file}.new`, `${config('three', 'https://three')}#${turn}`);
      await rename(`${file}.new`, file);
    });
    await hears(async (turn) => {
      await rm(link);
      await symlink(join(folder, turn % 2 === 1 ? 'real-two' : 'real-one'), link);
    });
    await hears(async (turn) => {
      await mkdir(join(later, '..'), { recursive: true });
      await writeFile(later, `${config('four', 'https://four')}#${turn}`);
    });
    const before = heard;
    await writeFile(join(folder, 'kube/other'), 'not ours');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(heard).toBe(before);
  });
});
