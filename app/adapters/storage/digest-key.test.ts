/** Nobody who sees a digest of ours can try words until one fits, and what was confirmed before digests were keyed stays so. */
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context, ContextPart } from '../../contract/index.ts';
import { contextDigestOf } from '../kubeconfig/context-parts.ts';
import { openTestKubeconfig, silentLog } from '../testing/api-server.ts';
import { openDigestKey } from './digest-key.ts';
import { openStore } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-digests-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const plain = (content: unknown) => `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
const secret = 'hunter2';

async function contextOf(home: string): Promise<Context> {
  const program = join(folder, 'login');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  const file = join(folder, 'kubeconfig');
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: program,
    args: ['--client-secret', secret],
    env: [{ name: 'PASSWORD', value: secret }],
    interactiveMode: 'Never',
    provideClusterInfo: true,
  };
  const cluster = {
    server: `https://jane:${secret}@api.example.org`,
    'proxy-url': `http://jane:${secret}@proxy.example.org`,
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: secret }],
  };
  await writeFile(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  const { contexts } = await openTestKubeconfig(home, { KUBECONFIG: file, PATH: '' }).listContexts([]);
  return contexts[0] ?? expect.fail('no context');
}

describe('digests of what is not shown', () => {
  it('are none that a guess could be compared with, in any part', async () => {
    const { parts, digest, execPlugin } = await contextOf(folder);
    const hidden = parts.filter((part) => part.digest !== '').map((one) => [one.part, one.digest]);
    expect(hidden.map(([part]) => part)).toEqual(['server', 'proxy', 'plugin', 'environment', 'cluster-info']);
    for (const [part, found] of [...hidden, ['plugin itself', execPlugin?.digest ?? '']]) {
      expect(found, part).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    }
    const guesses = [secret, ['--client-secret', secret], `https://jane:${secret}@api.example.org`];
    for (const guess of guesses) {
      expect(JSON.stringify([parts, digest])).not.toContain(plain(guess));
    }
  });

  it('are the same for every core of a home, and others in another home', async () => {
    const other = await mkdtemp(join(folder, 'other-'));
    const [one, again, elsewhere] = [await contextOf(folder), await contextOf(folder), await contextOf(other)];
    expect(again.digest).toBe(one.digest);
    expect(elsewhere.digest).not.toBe(one.digest);
  });

  it('are keyed by what only the user can read, also where two cores make it at once', async () => {
    const [one, other] = await Promise.all([openDigestKey(folder, silentLog)(), openDigestKey(folder, silentLog)()]);
    expect(one('sha256:1')).toBe(other('sha256:1'));
    expect((await stat(join(folder, 'digest-key.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['digest-key.json']);
  });
});

describe('what an earlier version kept', () => {
  it('is confirmed still, and its plain digests are gone from the disk', async () => {
    const now = await contextOf(folder);
    const digests = new Map<string, string>([
      ['server', plain(`https://jane:${secret}@api.example.org`)],
      ['proxy', plain(`http://jane:${secret}@proxy.example.org`)],
      ['plugin', plain(['--client-secret', secret])],
      ['environment', plain(secret)],
      ['cluster-info', plain(secret)],
    ]);
    const parts = now.parts.map((part): ContextPart => ({ ...part, digest: digests.get(part.part) ?? '' }));
    const seen = { digest: contextDigestOf(parts), parts };
    const record = { context: 'x', file: now.file, confirmed: seen, used: seen, lastUsedAt: 1 };
    await writeFile(join(folder, 'contexts.json'), JSON.stringify([record]));
    await writeFile(join(folder, 'trusted-exec-plugins.json'), JSON.stringify([plain('a plugin')]));
    const store = openStore(folder, silentLog);
    const key = await openDigestKey(folder, silentLog)();
    expect(await store.contextRecords()).toMatchObject([
      { confirmed: { digest: now.digest, parts: now.parts }, used: { digest: now.digest } },
    ]);
    expect(await store.trustedExecPlugins()).toEqual([key(plain('a plugin'))]);
    const kept = await Promise.all(
      ['contexts.json', 'trusted-exec-plugins.json'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    for (const digest of digests.values()) {
      expect(kept.join()).not.toContain(digest);
    }
    expect(kept.join()).not.toContain(plain('a plugin'));
  });
});
