import { describe, expect, it } from 'vitest';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { keptKubeconfig } from '../../fakes/port-tests/kubeconfig-files.ts';
import { CoreHarness } from './core-harness.ts';

async function listed(harness: CoreHarness) {
  const answer = await harness.call('listContexts', {});
  if (!answer.ok) {
    throw new Error(answer.problem.cause);
  }
  return Object.fromEntries(answer.value.contexts.map((one) => [one.name, one]));
}

describe('contexts before their first use', () => {
  const withPlugin = (command: string) =>
    new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin(command) })];
    });

  it('are confirmed with the plugin that they name, for the next start too', async () => {
    const harness = withPlugin('cloud-login');
    const { production } = await listed(harness);
    expect(production).toMatchObject({ confirmed: false, lastUsedAt: null, execPlugin: { trusted: false } });
    const { file = '', digest = '' } = production ?? {};
    expect(await harness.call('confirmContext', { context: 'production', file, digest })).toMatchObject({ ok: true });
    expect((await listed(harness)).production).toMatchObject({ confirmed: true, execPlugin: { trusted: true } });
    harness.startCore();
    expect((await listed(harness)).production).toMatchObject({ confirmed: true, execPlugin: { trusted: true } });
    expect(harness.world.kubeconfig.pluginsRun).toEqual([]);
  });

  it('are not confirmed as something else than they are now, and nothing is trusted then', async () => {
    const harness = withPlugin('cloud-login');
    const { production } = await listed(harness);
    const { file = '', digest = '' } = production ?? {};
    const { server } = harness.world.cluster;
    harness.world.kubeconfig.change([context('production', server, { execPlugin: plugin('evil') })]);
    expect(await harness.call('confirmContext', { context: 'production', file, digest })).toMatchObject({
      ok: false,
      problem: { code: 'context-changed' },
    });
    expect((await listed(harness)).production).toMatchObject({ confirmed: false, execPlugin: { trusted: false } });
  });

  it('are to be confirmed again when they change', async () => {
    const harness = new CoreHarness();
    const { production } = await listed(harness);
    const { file = '', digest = '' } = production ?? {};
    await harness.call('confirmContext', { context: 'production', file, digest });
    harness.world.kubeconfig.change([context('production', 'https://elsewhere.example.org')]);
    expect((await listed(harness)).production).toMatchObject({ confirmed: false });
  });

  it.each([
    ['another server', 'pod', 'https://elsewhere.example.org', undefined],
    ['the same server with a plugin', 'node-port', undefined, 'login'],
  ])('that are confirmed anew as %s have the direct path %s', async (_, expected, server, command) => {
    const harness = new CoreHarness();
    const confirm = async () => {
      const { file = '', digest = '' } = (await listed(harness)).production ?? {};
      expect(await harness.call('confirmContext', { context: 'production', file, digest })).toMatchObject({ ok: true });
    };
    const chosen = async () => {
      const settings = await harness.call('getSettings', {});
      return settings.ok ? settings.value.contexts.map(({ directPath }) => directPath) : settings;
    };
    const words = { context: 'production', change: 'set' } as const;
    await confirm();
    await harness.call('changeSetting', { ...words, name: 'directPath', words: ['node-port'] });
    await confirm();
    expect(await chosen()).toEqual(['node-port']);
    const rest = command === undefined ? {} : { execPlugin: plugin(command) };
    harness.world.kubeconfig.change([context('production', server ?? harness.world.cluster.server, rest)]);
    await confirm();
    expect(await chosen()).toEqual([expected]);
  });

  it('may be switched on without being confirmed where no program would run, and say when they were', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    expect((await listed(harness)).production).toMatchObject({
      confirmed: false,
      lastUsedAt: expect.any(Number),
    });
  });
});

describe('kubeconfigs that the user adds', () => {
  it('are in force at once, watched, and forgotten with what was kept of them', async () => {
    const harness = new CoreHarness();
    const added = await harness.call('addKubeconfig', { source: { kind: 'text', name: 'x', text: keptKubeconfig } });
    if (!added.ok) {
      throw new Error(added.problem.cause);
    }
    const { file } = added.value;
    expect(added.value.contexts).toEqual(['added']);
    expect((await listed(harness)).added).toMatchObject({ file, server: 'https://127.0.0.1:6443' });
    harness.startCore();
    expect((await listed(harness)).added).toBeDefined();
    expect(await harness.call('removeKubeconfig', { file })).toMatchObject({ ok: true });
    expect((await listed(harness)).added).toBeUndefined();
    expect(harness.world.kubeconfigFiles.countKept()).toBe(0);
    expect(await harness.call('removeKubeconfig', { file })).toMatchObject({ ok: false, problem: { code: 'usage' } });
  });

  it('that are none change nothing', async () => {
    const harness = new CoreHarness();
    const refused = await harness.call('addKubeconfig', { source: { kind: 'text', name: 'x', text: 'contexts: [' } });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'kubeconfig-unreadable' } });
    expect(await harness.call('getSettings', {})).toMatchObject({ ok: true, value: { kubeconfigFiles: [] } });
  });

  it('raise what frontends list again by', async () => {
    const harness = new CoreHarness();
    await harness.call('addKubeconfig', { source: { kind: 'text', name: 'x', text: keptKubeconfig } });
    const snapshot = await harness.call('getSnapshot', {});
    expect(snapshot).toMatchObject({ ok: true, value: { contextsRevision: 1, settingsRevision: 1 } });
  });
});
