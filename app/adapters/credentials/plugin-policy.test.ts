import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runExecPlugin } from './exec-plugin.ts';
import { readPluginPolicy } from './plugin-policy.ts';

let home: string;
let login: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-kuberc-'));
  await mkdir(join(home, '.kube'));
  await mkdir(join(home, 'bin'));
  login = join(home, 'bin', 'login');
  await writeFile(login, '#!/bin/sh\n');
  await chmod(login, 0o755);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const preference = 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n';
const allowlist = (entries: string) =>
  `credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: ${entries.replaceAll('HOME', home)}`;
const environment = (more: Record<string, string> = {}) => ({ HOME: home, PATH: join(home, 'bin'), ...more });

async function refusal(kuberc: string | null, command = 'login', more: Record<string, string> = {}) {
  if (kuberc !== null) {
    await writeFile(join(home, '.kube', 'kuberc'), kuberc);
  }
  const refused = await (await readPluginPolicy(environment(more)))(command, login);
  return refused === null ? null : { code: refused.code, cause: refused.cause.replaceAll(home, '~') };
}

describe('the policy of kuberc', () => {
  test.each([
    ['no file', null],
    ['an empty file', ''],
    ['preferences without a policy', `${preference}aliases: [{name: getn, command: get}]`],
    ['an empty policy', `${preference}credentialPluginPolicy: ""`],
    ['AllowAll', `${preference}credentialPluginPolicy: AllowAll`],
  ])('lets every plugin run: %s', async (_, kuberc) => {
    expect(await refusal(kuberc)).toBeNull();
  });

  test.each([
    ['DenyAll', 'credentialPluginPolicy: DenyAll', 'sets credentialPluginPolicy: DenyAll'],
    [
      'a policy that is not known',
      'credentialPluginPolicy: allowlist',
      'cannot be understood at credentialPluginPolicy',
    ],
    ['Allowlist without a list', 'credentialPluginPolicy: Allowlist', 'has no usable credentialPluginAllowlist'],
    [
      'a misspelt list',
      'credentialPluginPolicy: Allowlist\ncredentialPluginAllowList: [{name: login}]',
      'has no usable',
    ],
    ['an empty list', 'credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []', 'has no usable'],
    [
      'an empty entry',
      'credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}, {name: login}]',
      'has no usable',
    ],
    [
      'a list without its policy',
      'credentialPluginAllowlist: [{name: login}]',
      'only applies with the policy Allowlist',
    ],
    ['a file that is no YAML', '{', 'is not YAML'],
    ['a file that is no object', '- 1', 'cannot be understood at its beginning'],
  ])('lets none run: %s', async (_, kuberc, cause) => {
    expect(await refusal(kuberc)).toEqual({ code: 'exec-refused', cause: expect.stringContaining(cause) });
  });

  test.each([
    ['the bare name', '[{command: login}]', 'login', true],
    ['the bare name in the field of 1.35', '[{name: login}]', 'login', true],
    ['both fields at once', '[{name: login, command: login}]', 'login', false],
    ['the path', '[{command: HOME/bin/login}]', 'login', true],
    ['the path, for a command that is that path', '[{command: HOME/bin/login}]', 'PROGRAM', true],
    ['the bare name, for a command that is where the PATH leads', '[{command: login}]', 'PROGRAM', true],
    ['a path with a detour', '[{command: HOME/bin/../bin/login}]', 'login', false],
    ['another name', '[{command: log}]', 'login', false],
    ['a pattern', '[{command: "*"}]', 'login', false],
    ['one of several', '[{command: aws}, {command: login}]', 'login', true],
    ['a relative path', '[{command: bin/login}]', 'bin/login', false],
  ])('an allowlist with %s', async (_, entries, command, isAllowed) => {
    const refused = await refusal(allowlist(entries), command.replace('PROGRAM', login));
    expect(refused === null).toBe(isAllowed);
    expect(refused?.code ?? 'exec-refused').toBe('exec-refused');
  });

  test('a bare name does not allow a program of that name in another folder', async () => {
    const other = join(home, 'login');
    await writeFile(other, '#!/bin/sh\n');
    await chmod(other, 0o755);
    await writeFile(join(home, '.kube', 'kuberc'), allowlist('[{command: login}]'));
    const allows = await readPluginPolicy(environment());
    expect(await allows(other, other)).toMatchObject({ code: 'exec-refused', facts: { command: other } });
  });

  test('is that of the file in KUBERC, and none where it is switched off as for kubectl', async () => {
    const deny = 'credentialPluginPolicy: DenyAll';
    const named = join(home, 'named');
    await writeFile(named, deny);
    expect(await refusal(null, 'login', { KUBERC: named })).toMatchObject({ code: 'exec-refused' });
    expect(await refusal(null, 'login', { KUBERC: join(home, 'gone') })).toMatchObject({ code: 'exec-refused' });
    expect(await refusal(deny)).not.toBeNull();
    expect(await refusal(deny, 'login', { KUBERC: 'off' })).toBeNull();
    expect(await refusal(deny, 'login', { KUBECTL_KUBERC: 'false' })).toBeNull();
  });

  test('counts whenever a plugin would run, whatever it was before', async () => {
    const ran = join(home, 'ran');
    await writeFile(login, `#!/bin/sh\n: >'${ran}'\n`);
    await writeFile(join(home, '.kube', 'kuberc'), 'credentialPluginPolicy: DenyAll');
    const entry = {
      apiVersion: 'client.authentication.k8s.io/v1' as const,
      command: 'login',
      args: [],
      env: [],
      installHint: '',
      interactiveMode: 'Never' as const,
      provideClusterInfo: false,
    };
    const call = { entry, program: login, folder: home, environment: environment(), cluster: null };
    const { signal } = new AbortController();
    expect(await runExecPlugin(call, signal)).toMatchObject({ problem: { code: 'exec-refused' } });
    expect(existsSync(ran)).toBe(false);
    await rm(join(home, '.kube', 'kuberc'));
    expect(await runExecPlugin(call, signal)).toMatchObject({ problem: { code: 'exec-output' } });
    expect(existsSync(ran)).toBe(true);
  });
});
