import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTestCluster, refusal, startApiServer, testdata } from '../testing/api-server.ts';
import { type ExecCall, limitsOf, parseCredential, plainText, runExecPlugin } from './exec-plugin.ts';

let folder: string;
const closing: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-exec-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

const v1 = 'client.authentication.k8s.io/v1';
const answer = (status: object, apiVersion = v1) => JSON.stringify({ apiVersion, kind: 'ExecCredential', status });

async function script(body: string): Promise<string> {
  const file = join(folder, 'plugin');
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
  return file;
}

async function call(body: string | null, more: Partial<ExecCall['entry']> = {}): Promise<ExecCall> {
  const program = body === null ? null : await script(body);
  return {
    entry: {
      apiVersion: v1,
      command: 'plugin',
      args: ['one', 'two words', '$(touch no-shell)'],
      env: [{ name: 'PLUGIN_SETTING', value: 'yes' }],
      installHint: 'Get it from example.org.',
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
      ...more,
    },
    program,
    folder,
    environment: { PATH: process.env.PATH, HOME: folder },
    cluster: { server: 'https://api' },
  };
}

const never = new AbortController().signal;
async function run(body: string | null, more: Partial<ExecCall['entry']> = {}, deadline = 10_000) {
  const ended = await runExecPlugin(await call(body, more), never, deadline);
  return ended.ok ? ended.value : { code: ended.problem.code, cause: ended.problem.cause };
}

describe('a plugin that works', () => {
  test('gets its arguments as they are, its environment, the request and no input', async () => {
    const seen = join(folder, 'seen');
    const body = `printf '%s|' "$@" "$PLUGIN_SETTING" "$KUBERNETES_EXEC_INFO" "$(cat)" >'${seen}'\necho '${answer({ token: 't' })}'`;
    expect(await run(body)).toEqual({ token: 't', certificate: '', key: '', expiresAt: null });
    const [one, two, three, setting, info, input] = (await readFile(seen, 'utf8')).split('|');
    expect([one, two, three, setting, input]).toEqual(['one', 'two words', '$(touch no-shell)', 'yes', '']);
    expect(JSON.parse(info ?? '')).toEqual({ kind: 'ExecCredential', apiVersion: v1, spec: { interactive: false } });
  });

  test('is told about the cluster where it asks for it', async () => {
    const seen = join(folder, 'seen');
    await run(`printf %s "$KUBERNETES_EXEC_INFO" >'${seen}'`, { provideClusterInfo: true });
    expect(JSON.parse(await readFile(seen, 'utf8')).spec.cluster).toEqual({ server: 'https://api' });
  });

  test('may answer a certificate; its own end counts where it comes first', async () => {
    const clientCertificateData = readFileSync(join(testdata, 'expired-client.pem'), 'utf8');
    const clientKeyData = readFileSync(join(testdata, 'expired-client-key.pem'), 'utf8');
    const found = parseCredential(
      answer({ clientCertificateData, clientKeyData, expirationTimestamp: '2119-01-01T00:00:00Z' }),
      v1,
    );
    expect(found).toMatchObject({ token: '', key: clientKeyData, expiresAt: Date.parse('2021-01-01T00:00:00Z') });
  });
});

describe('a plugin that does not', () => {
  test('missing, with its hint; insisting on a terminal', async () => {
    expect(await run(null)).toEqual({
      code: 'exec-missing',
      cause: expect.stringContaining('Get it from example.org.'),
    });
    expect(await run('true', { interactiveMode: 'Always' })).toMatchObject({ code: 'exec-failed' });
  });

  test('failing, with its own words free of terminal escapes', async () => {
    const failed = await run("printf '\\033[31mlog in\\033[0m first\\n' >&2; exit 3");
    expect(failed).toEqual({ code: 'exec-failed', cause: 'it ended with 3; it said: log in first' });
  });

  test('slow: it is ended with all that it started', async () => {
    const alive = join(folder, 'alive');
    const slow = await run(`(while :; do date >'${alive}'; sleep 0.05; done) &\necho waiting >&2\nsleep 60`, {}, 500);
    expect(slow).toMatchObject({ code: 'exec-slow', cause: expect.stringContaining('waiting') });
    await rm(alive, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expect(readFile(alive)).rejects.toThrow();
  });

  test('may take a minute, or what the environment says', () => {
    const minutes = (silent: number, talking: number) => ({ silent: silent * 60_000, talking: talking * 60_000 });
    expect(limitsOf({})).toEqual(minutes(1, 15));
    expect(limitsOf({ SLIPWAY_EXEC_SECONDS: '300' })).toEqual(minutes(5, 5));
    expect(limitsOf({ SLIPWAY_EXEC_SECONDS: 'long' })).toEqual(minutes(1, 15));
  });

  test('waiting for its user: its words are heard meanwhile, whole, and free of escapes', async () => {
    const heard: string[] = [];
    const address = `https://login.example/device?${'x'.repeat(600)}`;
    const body = `printf '\\033[1mopen ${address} and enter ABCD-1234\\033[0m\\n' >&2\nuntil [ -e '${folder}/ok' ]; do sleep 0.05; done\necho '${answer({ token: 't' })}'`;
    const running = runExecPlugin(await call(body), never, 60_000, (words) => heard.push(words));
    await vi.waitFor(() => expect(heard.at(-1)).toBe(`open ${address} and enter ABCD-1234`), { timeout: 10_000 });
    await writeFile(join(folder, 'ok'), '');
    expect(await running).toMatchObject({ ok: true, value: { token: 't' } });
  });

  test('no longer wanted before it began: it is not started', async () => {
    const started = join(folder, 'started');
    const ended = await runExecPlugin(await call(`touch '${started}'`), AbortSignal.abort());
    expect(ended).toMatchObject({ ok: false, problem: { code: 'exec-failed' } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(readFile(started)).rejects.toThrow();
  });

  test('no longer wanted', async () => {
    const ending = new AbortController();
    const running = runExecPlugin(await call('sleep 60'), ending.signal);
    ending.abort();
    expect(await running).toMatchObject({ ok: false, problem: { code: 'exec-failed' } });
  });

  test('not a program of this machine', async () => {
    await writeFile(join(folder, 'plugin'), '\u007fELFgarbage');
    await chmod(join(folder, 'plugin'), 0o755);
    const odd = { ...(await call(null)), program: join(folder, 'plugin') };
    expect(await runExecPlugin(odd, never)).toMatchObject({ ok: false, problem: { code: 'exec-failed' } });
  });

  test('printing without end', async () => {
    expect(await run('exec cat /dev/zero')).toMatchObject({ code: 'exec-output' });
  });

  test('complaining without end', async () => {
    expect(await run('exec yes it is down >&2')).toMatchObject({
      code: 'exec-output',
      cause: expect.stringMatching(/^it printed more than 8388608 bytes; it said: .*it is down/),
    });
  });

  test.each([
    ['nothing', ''],
    ['prose', 'Please visit https://login'],
    ['half', '{"kind":"ExecCredential"'],
    ['another kind', JSON.stringify({ kind: 'Secret', apiVersion: v1, status: { token: 'sensitive' } })],
    ['another version', answer({ token: 'sensitive' }, 'client.authentication.k8s.io/v1beta1')],
    ['no credential', answer({})],
    ['an empty token', answer({ token: '' })],
    ['a token with a line break', answer({ token: 'sensitive\r\nX-Injected: 1' })],
    ['a certificate without a key', answer({ clientCertificateData: 'sensitive' })],
    ['a certificate that is none', answer({ clientCertificateData: 'sensitive', clientKeyData: 'sensitive' })],
    ['a time that is none', answer({ token: 'sensitive', expirationTimestamp: 'tomorrow' })],
    ['null', 'null'],
  ])('garbage (%s) is refused and never quoted', (_, output) => {
    const found = parseCredential(output, v1);
    expect(found).toEqual(expect.any(String));
    expect(found).not.toContain('sensitive');
  });

  test('text of foreign programs is one bounded line without control characters', () => {
    expect(plainText('a\u202eb\r\n\u0007c\u001b]0;title\u0007d')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(plainText('x'.repeat(10_000))).toHaveLength(2000);
  });
});

describe('credentials', () => {
  async function cluster(body: string, accepted: (token: string) => boolean = () => true) {
    const server = await startApiServer((seen) =>
      accepted((seen.headers.authorization ?? '').replace('Bearer ', ''))
        ? { body: { gitVersion: 'v1.34.4', items: [] } }
        : { status: 401, body: refusal(401, 'Unauthorized', 'Unauthorized') },
    );
    closing.push(() => server.close());
    const counted = join(folder, 'counted');
    const command = await script(`echo run >>'${counted}'\nn=$(wc -l <'${counted}')\n${body}`);
    const opened = await openTestCluster(server.url, { user: { exec: { apiVersion: v1, command } } });
    closing.push(opened.close);
    const runs = () => {
      try {
        return readFileSync(counted, 'utf8').trim().split('\n').length;
      } catch {
        return 0;
      }
    };
    return { cluster: opened.cluster, runs };
  }
  const token = (more = '') => `printf '${answer({ token: 'TOKEN' }).replace('"TOKEN"', `"t%s"${more}`)}' "$n"`;

  test('are asked for once, by however many, and kept until they expire', async () => {
    const { cluster: port, runs } = await cluster(token());
    expect(runs()).toBe(0); // opening runs nothing
    await Promise.all([port.reach(), port.listNamespaces(), port.credentials(false)]);
    await port.reach();
    expect(runs()).toBe(1);
    expect(await port.credentials(true)).toEqual({ ok: true, value: { bearerToken: 't2' } });
  });

  test('are asked for anew when they have expired', async () => {
    const { cluster: port, runs } = await cluster(token(',"expirationTimestamp":"2020-01-01T00:00:00Z"'));
    await port.credentials(false);
    await port.credentials(false);
    expect(runs()).toBe(2);
  });

  test('are asked for anew once after a 401, and the request is made again', async () => {
    const { cluster: port, runs } = await cluster(token(), (given) => given === 't2');
    expect(await port.reach()).toMatchObject({ ok: true });
    expect(runs()).toBe(2);
    const hopeless = await cluster(token(), () => false);
    expect(await hopeless.cluster.reach()).toMatchObject({ ok: false, problem: { code: 'unauthorized' } });
    expect(hopeless.runs()).toBeLessThanOrEqual(4);
  });

  test('that cannot be had are the plugin’s problem, and an informer lives on', async () => {
    const { cluster: port, runs } = await cluster('echo "log in first" >&2; exit 1');
    const unwatch = port.watchCatalogue(() => {});
    closing.push(unwatch);
    expect(await port.reach()).toMatchObject({
      ok: false,
      problem: { code: 'exec-failed', cause: expect.stringContaining('log in first') },
    });
    await vi.waitFor(() => expect(runs()).toBeGreaterThan(2), { timeout: 10_000 });
  });

  test('a token file is read again when it changed', async () => {
    const seen: string[] = [];
    const server = await startApiServer(({ headers }) => {
      seen.push(headers.authorization ?? '');
      return headers.authorization === 'Bearer new'
        ? { body: { gitVersion: 'v1.34.4', items: [] } }
        : { status: 401, body: refusal(401, 'Unauthorized', 'Unauthorized') };
    });
    closing.push(() => server.close());
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'old\n');
    const opened = await openTestCluster(server.url, { user: { tokenFile } });
    closing.push(opened.close);
    expect(await opened.cluster.reach()).toMatchObject({ ok: false });
    await writeFile(tokenFile, 'new\n');
    expect(await opened.cluster.reach()).toMatchObject({ ok: true });
    expect(seen.at(-1)).toBe('Bearer new');
  });
});
