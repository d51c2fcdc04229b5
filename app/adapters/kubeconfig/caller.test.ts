import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../../contract/index.ts';
import { openTestKubeconfig } from '../testing/api-server.ts';
import { differences, markOf } from './caller-mark.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'slipway-caller-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const kubeconfig = (name: string, command = 'none') => `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: '${command}', interactiveMode: Never}}}]
contexts: [{name: ${name}, context: {cluster: c, user: u}}]
`;

const port = () => openTestKubeconfig(folder, { KUBECONFIG: join(folder, 'own'), AWS_PROFILE: 'own' });

function caller(more: Partial<Caller>): Caller {
  return { environment: { HOME: folder }, folder, kubeconfigs: [], isExplicit: false, ...more };
}

describe('a caller', () => {
  const names = async (more: Partial<Caller>, added: string[] = []) => {
    const { contexts, problems } = await port().as(caller(more)).listContexts(added);
    return [...contexts.map(({ name }) => name), ...problems.map(({ code }) => code)];
  };
  beforeEach(async () => {
    await Promise.all(['own', 'one', 'two'].map((name) => writeFile(join(folder, name), kubeconfig(name))));
    await mkdir(join(folder, '.kube'));
    await writeFile(join(folder, '.kube/config'), kubeconfig('home'));
  });

  test('reads its own files, and the core goes on reading its', async () => {
    const one = join(folder, 'one');
    const two = join(folder, 'two');
    expect(await names({ kubeconfigs: [one] })).toEqual(['one']);
    expect(await names({ kubeconfigs: [one, two] })).toEqual(['one', 'two']);
    expect(await names({})).toEqual(['home']);
    expect(await names({ kubeconfigs: [one] }, [two])).toEqual(['one', 'two']);
    expect(await names({ kubeconfigs: [one], isExplicit: true }, [two])).toEqual(['one']);
    expect((await port().listContexts([])).contexts.map(({ name }) => name)).toEqual(['own']);
  });

  test('is told of a file that it named and that is not there; of a list such a file is skipped', async () => {
    const gone = join(folder, 'gone');
    expect(await names({ kubeconfigs: [gone], isExplicit: true })).toContain('kubeconfig-unreadable');
    expect(await names({ kubeconfigs: [gone, join(folder, 'one')] })).toEqual(['one']);
  });

  test('has its plugin run with its variables, in its folder', async () => {
    const plugin = join(folder, 'plugin');
    await writeFile(
      plugin,
      `#!/bin/sh
printf '%s %s' "$AWS_PROFILE" "$(pwd)" > '${folder}/ran'
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
`,
    );
    await chmod(plugin, 0o755);
    await writeFile(join(folder, 'one'), kubeconfig('one', './plugin'));
    const work = join(folder, 'work');
    await mkdir(work);
    const environment = { AWS_PROFILE: 'two', PATH: process.env.PATH ?? '' };
    const asked = port().as(caller({ kubeconfigs: [join(folder, 'one')], environment, folder: work }));
    const [context = expect.fail()] = (await asked.listContexts([])).contexts;
    const opened = await asked.open(context);
    const cluster = opened.ok ? opened.value : expect.fail(opened.problem.cause);
    expect(await cluster.credentials(false)).toMatchObject({ value: { bearerToken: 't' } });
    cluster.close();
    expect(await readFile(join(folder, 'ran'), 'utf8')).toBe(`two ${work}`);
  });

  test('can be told from another one later, by files that hold no value', async () => {
    const asked = port().as(caller({ environment: { AWS_PROFILE: 'secret-one' }, kubeconfigs: ['/kc'] }));
    const mark = await asked.mark();
    expect(mark).toMatchObject({ kubeconfigs: ['/kc'], isExplicit: false });
    expect(JSON.stringify(mark)).not.toContain('secret-one');
    expect(await asked.differencesFrom(mark)).toEqual([]);
    expect(await port().differencesFrom(mark)).toEqual(['AWS_PROFILE']);
    const later = port().withFilesOf({ ...mark, kubeconfigs: [join(folder, 'two')] });
    expect((await later.listContexts([])).contexts.map(({ name }) => name)).toEqual(['two']);
  });
});

describe('the variables of a caller', () => {
  test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
    ['another value', { AWS_PROFILE: 'one' }, { AWS_PROFILE: 'two' }, ['AWS_PROFILE']],
    ['one that is missing', { AZURE_CONFIG_DIR: '/a' }, {}, ['AZURE_CONFIG_DIR']],
    ['one that is new', {}, { CLOUDSDK_CONFIG: '/a' }, ['CLOUDSDK_CONFIG']],
    ['an empty one for none', { TOKEN: '' }, {}, ['TOKEN']],
    ['another agent of keys', { SSH_AUTH_SOCK: '/a' }, { SSH_AUTH_SOCK: '/b' }, ['SSH_AUTH_SOCK']],
    ['another proxy', { https_proxy: 'http://a' }, { HTTPS_PROXY: 'http://a' }, ['HTTPS_PROXY', 'https_proxy']],
    ['another home folder', { HOME: '/a' }, { HOME: '/b' }, ['HOME']],
    ['another terminal', { TERM: 'xterm', WINDOWID: '1', TMUX: 'a', PWD: '/a', SHLVL: '1', _: 'x' }, {}, []],
    ['another session', { XDG_SESSION_ID: '1', DBUS_SESSION_BUS_ADDRESS: 'a', INVOCATION_ID: 'a' }, {}, []],
    ['another language', { LANG: 'C', LC_ALL: 'C' }, { LANG: 'zh_CN.UTF-8' }, []],
    ['ours', { SLIPWAY_LOG: 'debug' }, {}, []],
  ])('%s', (_, before, now, expected) => {
    expect(differences(now, markOf(before, [], false))).toEqual(expected);
  });
});
