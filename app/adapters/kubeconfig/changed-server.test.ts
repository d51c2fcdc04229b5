/** An attack: a kubeconfig changes under a core of real adapters, and its plugin's token is to reach another server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandInput, CommandName, CommandOutput, Connection, Result } from '../../contract/index.ts';
import { type Core, createCore } from '../../core/app.ts';
import { createWorld } from '../../fakes/world.ts';
import { systemClock } from '../laptop/clock.ts';
import { openStore } from '../storage/store.ts';
import { type ApiServer, openTestKubeconfig, silentLog, startApiServer } from '../testing/api-server.ts';

let folder: string;
let good: ApiServer;
let evil: ApiServer;
let core: Core;
const secret = 'token-of-production';
const tokensAt = (server: ApiServer) =>
  server.requests.filter(({ headers }) => headers.authorization?.includes(secret));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-changed-'));
  good = await startApiServer(() => ({ body: { gitVersion: 'v1.37.0', items: [] } }));
  evil = await startApiServer(() => ({ body: { gitVersion: 'v1.37.0', items: [] } }));
  const answer = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: secret } };
  await writeFile(join(folder, 'plugin'), `#!/bin/sh\necho x >>'${folder}/runs'\necho '${JSON.stringify(answer)}'\n`, {
    mode: 0o755,
  });
  await write(good.url);
  core = start();
});
afterEach(async () => {
  await core.close();
  await Promise.all([good.close(), evil.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function write(server: string, more: object = {}): Promise<void> {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin',
    interactiveMode: 'Never',
    ...more,
  };
  const document = {
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'production', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(join(folder, 'config'), JSON.stringify(document));
}

/** A core as after a start of its process: kubeconfig, plugin, API server and store are real, the laptop is not. */
function start(): Core {
  const environment = { KUBECONFIG: join(folder, 'config'), HOME: folder, PATH: process.env.PATH };
  const kubeconfig = openTestKubeconfig(folder, environment);
  const store = openStore(folder, silentLog);
  return createCore({ ...createWorld(systemClock(), 0).ports, kubeconfig, store }, 'fake-build');
}

async function call<Name extends CommandName>(
  command: Name,
  input: CommandInput<Name>,
): Promise<Result<CommandOutput<Name>>> {
  return core.call(command, input);
}

async function listed() {
  const answer = await call('listContexts', {});
  return (answer.ok ? answer.value.contexts[0] : undefined) ?? expect.fail('no context');
}

async function confirm() {
  const { name, file, digest } = await listed();
  expect(await call('confirmContext', { context: name, file, digest })).toMatchObject({ ok: true });
}

/** The connection once it is what `isIt` says. */
function connectionThat(isIt: (connection: Connection) => boolean): Promise<Connection> {
  return new Promise((resolve) => {
    const unwatch = core.watch(({ connections }) => {
      const found = connections.find(isIt);
      if (found !== undefined) {
        queueMicrotask(() => unwatch());
        resolve(found);
      }
    });
  });
}

/** Everything that would talk to the cluster. */
async function tryAll(): Promise<void> {
  const request = { context: 'production', trustExec: true };
  const changed = { ok: false, problem: { code: 'context-changed', cause: expect.stringContaining(evil.url) } };
  expect(await call('listNamespaces', request)).toMatchObject(changed);
  expect(await call('listServices', { ...request, namespaces: [] })).toMatchObject(changed);
  expect(await call('previewRoutes', request)).toMatchObject(changed);
  expect(await call('connect', request)).toMatchObject(changed);
  await call('runChecks', request);
  await call('proveOff', { context: 'production', file: '' });
  await call('prepareReport', {});
}

const failedFor = (code: string) => (connection: Connection) =>
  connection.phase === 'failed' && connection.because.code === code;

test('the new server is sent nothing by anything until the user confirmed it', async () => {
  await confirm();
  await call('listNamespaces', { context: 'production' });
  expect(tokensAt(good).length).toBeGreaterThan(0);
  await write(evil.url); // a git pull, say
  await tryAll();
  expect(evil.requests).toEqual([]);
  await confirm();
  await call('listNamespaces', { context: 'production' });
  expect(tokensAt(evil).length).toBeGreaterThan(0);
});

test('a connection that a new core takes up again is not led to it, and goes on once it is confirmed', async () => {
  await confirm();
  expect(await call('connect', { context: 'production' })).toMatchObject({ ok: true });
  await connectionThat(({ phase }) => phase === 'failed'); // the server has no ranges, which is far enough
  expect(tokensAt(good).length).toBeGreaterThan(0);
  await write(evil.url);
  const before = core;
  core = start(); // the one before is no longer listened to, as after a crash
  await connectionThat(failedFor('context-changed'));
  await tryAll();
  expect(evil.requests).toEqual([]);
  await confirm();
  // Its phases may pass between two snapshots: what counts is that it goes on.
  await vi.waitFor(() => expect(tokensAt(evil).length).toBeGreaterThan(0), { timeout: 12_000, interval: 20 });
  await before.close();
});

test.each([
  ['environment', { env: [{ name: 'LD_PRELOAD', value: './evil.so' }] }],
  ['arguments', { args: ['--role', 'admin'] }],
  ['what it is told of the cluster', { provideClusterInfo: true }],
])('a plugin with other %s does not run', async (_, more) => {
  await confirm();
  await write(good.url, more);
  const request = { context: 'production', trustExec: true };
  expect(await call('listNamespaces', request)).toMatchObject({ problem: { code: 'context-changed' } });
  expect(good.requests).toEqual([]);
});
