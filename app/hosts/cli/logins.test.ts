/** Real programs: the command line, a core, and a plugin that shows a code and waits, as those of device logins do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { type ApiServer, authority, startApiServer } from '../../adapters/testing/api-server.ts';
import type { Login } from '../../contract/index.ts';
import { loginNarrator } from './logins.ts';

const login = (said: string, more: Partial<Login> = {}): Login => ({
  context: 'prod',
  file: '/kc',
  said,
  since: 1,
  cancellable: true,
  ...more,
});
const title = (context: string) => `waiting: the credential plugin of ${context} waits for you to log in, and says:`;

describe('what is told of logins', () => {
  it.each<[string, Login[][], string[]]>([
    ['nothing of none', [[]], []],
    ['each text once', [[login('open A')], [login('open A')], []], [`${title('prod')}\n  open A\n  Ctrl-C gives up.`]],
    [
      'only what is new of one that grows, and all of one that changed',
      [[login('open A')], [login('open A code B')], [login('expired: open C')]],
      [`${title('prod')}\n  open A\n  Ctrl-C gives up.`, '  code B', '  expired: open C'],
    ],
    [
      'another login of the same context anew',
      [[login('open A')], [], [login('open A', { since: 2 })]],
      [`${title('prod')}\n  open A\n  Ctrl-C gives up.`, `${title('prod')}\n  open A\n  Ctrl-C gives up.`],
    ],
    [
      'without what would steer a terminal',
      [[login('open \u001b]8;;x\u0007A\u202e', { context: 'p\u001b[2Jrod' })]],
      [`${title('p[2Jrod')}\n  open ]8;;xA\n  Ctrl-C gives up.`],
    ],
  ])('is %s', (_, snapshots, expected) => {
    const told: string[] = [];
    const tell = loginNarrator((line) => told.push(line));
    snapshots.forEach(tell);
    expect(told).toEqual(expected);
  });
});

describe('a command whose plugin waits for a login', { timeout: 60_000 }, () => {
  let folder: string;
  let server: ApiServer;
  let core: ChildProcess;
  let environment: NodeJS.ProcessEnv;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-login-'));
    server = await startApiServer(({ path, headers }) =>
      path === '/api/v1/namespaces' && headers.authorization === 'Bearer device-token'
        ? {
            body: { kind: 'NamespaceList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'webshop' } }] },
          }
        : undefined,
    );
    const plugin = join(folder, 'device.sh');
    await writeFile(
      plugin,
      `#!/bin/sh
sleep 600 &
echo "$$ $!" >processes
echo run >>runs
echo "To sign in, open https://login.example.test/device and enter the code ABCD-1234" >&2
until [ -e ok ]; do sleep 0.1; done
kill $!
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"device-token"}}'
`,
    );
    await chmod(plugin, 0o755);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: plugin,
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
    };
    const certificate = Buffer.from(authority).toString('base64');
    await writeFile(
      join(folder, 'kubeconfig'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'x',
        clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': certificate } }],
        users: [{ name: 'u', user: { exec } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'webshop' } }],
      }),
    );
    await mkdir(join(folder, 'run'), { mode: 0o700 });
    environment = {
      PATH: process.env.PATH,
      HOME: folder,
      NO_COLOR: '1',
      KUBECONFIG: join(folder, 'kubeconfig'),
      SLIPWAY_RUNTIME_DIR: join(folder, 'run'),
      SLIPWAY_CONFIG_DIR: join(folder, 'config'),
      SLIPWAY_STATE_DIR: join(folder, 'state'),
    };
    core = start('../core/main.ts', []);
    await vi.waitFor(() => expect(existsSync(join(folder, 'run/core.sock'))).toBe(true), 20_000);
  });
  afterEach(async () => {
    const ended = core.exitCode === null ? once(core, 'exit') : null;
    core.kill();
    await ended;
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (program: string, args: readonly string[]) =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, program), ...args], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const run = (...args: string[]) => {
    const child = start('main.ts', args);
    const heard = { out: '', errors: '' };
    child.stdout.on('data', (chunk) => {
      heard.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      heard.errors += chunk;
    });
    return { child, heard, ended: once(child, 'close') };
  };
  const processes = () => readFileSync(join(folder, 'processes'), 'utf8').trim().split(' ').map(Number);
  const livingOf = (ids: readonly number[]) =>
    ids.filter((id) => {
      try {
        // One that ended and that nobody waited for is none.
        return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
      } catch {
        return false;
      }
    });

  test('shows its words while it waits, and goes on when the login is done', async () => {
    const { heard, ended } = run('namespaces', '--trust-exec', '-o', 'json');
    await vi.waitFor(() => expect(heard.errors).toContain('enter the code ABCD-1234'), 20_000);
    expect(heard.errors).toContain(title('x'));
    expect(heard.out).toBe('');
    writeFileSync(join(folder, 'ok'), '');
    expect(await ended).toEqual([0, null]);
    expect(JSON.parse(heard.out)).toMatchObject({ namespaces: ['webshop'] });
    expect(heard.errors.match(/ABCD-1234/g)).toHaveLength(1);
  });

  test('shares its login with a command of the same caller that came meanwhile, and status tells of it', async () => {
    const first = run('namespaces', '--trust-exec', '-o', 'json');
    await vi.waitFor(() => expect(first.heard.errors).toContain('ABCD-1234'), 20_000);
    const second = run('namespaces', '--trust-exec', '-o', 'json');
    await vi.waitFor(() => expect(second.heard.errors).toContain('ABCD-1234'), 20_000);
    const status = run('status');
    expect(await status.ended).toEqual([0, null]);
    expect(status.heard.out).toMatch(/^off\nwaiting: .*\n.*enter the code ABCD-1234/);
    writeFileSync(join(folder, 'ok'), '');
    expect([await first.ended, await second.ended]).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('run\n');
  });

  test.each(['services', 'doctor'])('ends with all that it started at Ctrl-C: %s', async (command) => {
    const { child, heard, ended } = run(command, '--trust-exec');
    await vi.waitFor(() => expect(heard.errors).toContain('ABCD-1234'), 20_000);
    const started = processes();
    expect(livingOf(started)).toEqual(started);
    child.kill('SIGINT');
    expect((await ended)[0]).not.toBe(0);
    await vi.waitFor(() => expect(livingOf(started)).toEqual([]), 20_000);
  });
});
