/** What was confirmed is what is used: a kubeconfig that changes leads no credential anywhere by itself. */
import { describe, expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { CoreHarness } from './core-harness.ts';

const evil = 'https://evil.example.org';
const changed = {
  ok: false,
  problem: {
    code: 'context-changed',
    cause: expect.stringMatching(/server: https:\S+ → https:\/\/evil\.example\.org/),
  },
};

function production(harness: CoreHarness, server = harness.world.cluster.server) {
  return context('production', server, { execPlugin: plugin('cloud-login') });
}

/** A context with a plugin, confirmed as a window does. */
async function confirmed(): Promise<CoreHarness> {
  const harness = new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('cloud-login') })];
  });
  await confirm(harness);
  return harness;
}

async function listed(harness: CoreHarness) {
  const answer = await harness.call('listContexts', {});
  const found = answer.ok ? answer.value.contexts.find(({ name }) => name === 'production') : undefined;
  return found ?? expect.fail('production is not there');
}

async function confirm(harness: CoreHarness): Promise<void> {
  const { name, file, digest } = await listed(harness);
  expect(await harness.call('confirmContext', { context: name, file, digest })).toMatchObject({ ok: true });
}

/** Somebody changes the server, a git pull say. */
function pull(harness: CoreHarness): void {
  harness.world.kubeconfig.change([production(harness, evil)]);
}

describe('a context that changed since it was confirmed', () => {
  it('is opened by no command, with --trust-exec neither, and its plugin does not run', async () => {
    const harness = await confirmed();
    pull(harness);
    for (const trustExec of [false, true]) {
      const wish = { context: 'production', trustExec };
      expect(await harness.call('connect', wish)).toMatchObject(changed);
      expect(await harness.call('listNamespaces', wish)).toMatchObject(changed);
      expect(await harness.call('listServices', { ...wish, namespaces: [] })).toMatchObject(changed);
      expect(await harness.call('previewRoutes', wish)).toMatchObject(changed);
      const checks = await harness.call('runChecks', wish);
      expect(checks.ok && checks.value.checks.find(({ check }) => check === 'api-server')).toMatchObject({
        state: 'bad',
        problem: changed.problem,
      });
    }
    const proofs = await harness.call('proveOff', { context: 'production', file: '' });
    expect(proofs.ok && proofs.value.proofs.find(({ proof }) => proof === 'cluster')).toMatchObject({
      problem: changed.problem,
    });
    expect(await harness.call('prepareReport', {})).toMatchObject({ ok: true });
    expect(harness.world.kubeconfig.pluginsRun).toEqual([]);
    expect(harness.world.cluster.openPorts).toBe(0);
    expect(harness.phase()).toBe('none');
  });

  it('shows both sides, and is used again once it is confirmed as it is', async () => {
    const harness = await confirmed();
    pull(harness);
    expect(await listed(harness)).toMatchObject({
      confirmed: false,
      changes: [{ before: { value: harness.world.cluster.server }, now: { part: 'server', value: evil } }],
    });
    await confirm(harness);
    expect(await listed(harness)).toMatchObject({ confirmed: true, changes: [] });
    await harness.connect();
    await harness.off();
  });

  it('does not come back after a crash, says why, and comes on by itself when it is confirmed', async () => {
    const harness = await confirmed();
    await harness.connect();
    const runs = harness.world.kubeconfig.pluginsRun.length;
    await harness.killCore();
    pull(harness);
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed')).toMatchObject({ because: changed.problem, retry: 'pointless' });
    expect(harness.world.kubeconfig.pluginsRun).toHaveLength(runs);
    expect(harness.world.store.kept.wanted).toHaveLength(1);
    await confirm(harness);
    await harness.until('connected');
    expect(harness.in('connected').cluster.server).toBe(evil);
    await harness.off();
  });

  it('comes on by itself when the files say again what was confirmed', async () => {
    const harness = await confirmed();
    await harness.connect();
    await harness.killCore();
    pull(harness);
    harness.startCore();
    await harness.until('failed');
    harness.world.kubeconfig.change([production(harness)]);
    await harness.until('connected');
    await harness.off();
  });

  it('is not led elsewhere by a retry that opens it anew', async () => {
    const harness = await confirmed();
    await harness.connect();
    await harness.killCore();
    harness.world.faults.plan('reach', problem('api-unreachable', 'no route to host'));
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed').retry).toBe('automatic');
    pull(harness);
    const runs = harness.world.kubeconfig.pluginsRun.length;
    const because = () => harness.in('failed').because;
    await harness.clock.until(() => harness.phase() === 'failed' && because().code !== 'api-unreachable', 'the retry');
    expect(because()).toMatchObject(changed.problem);
    expect(harness.world.kubeconfig.pluginsRun).toHaveLength(runs);
    await harness.off();
  });

  it('keeps a connection that is on with what was confirmed', async () => {
    const harness = await confirmed();
    await harness.connect();
    pull(harness);
    await harness.clock.advance(1000);
    expect(harness.in('connected').cluster.server).toBe(harness.world.cluster.server);
    expect(await listed(harness)).toMatchObject({ confirmed: false });
    await harness.off();
  });
});

describe('a context that was switched on without being confirmed', () => {
  it('is held to what it said then when it comes back by itself, and follows its file when it is named again', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server)];
    });
    await harness.connect();
    await harness.killCore();
    harness.world.kubeconfig.change([context('production', evil)]);
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed').because).toMatchObject(changed.problem);
    expect((await harness.connect()).cluster.server).toBe(evil);
    await harness.off();
  });

  it('is confirmed whole where its plugin was allowed with it', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('cloud-login') })];
    });
    await harness.connect({ trustExec: true });
    await harness.off();
    pull(harness);
    expect(await harness.call('connect', { context: 'production', trustExec: true })).toMatchObject(changed);
  });
});

describe('what an earlier version confirmed', () => {
  it('is asked about once again before it comes back by itself', async () => {
    const harness = await confirmed();
    await harness.connect();
    await harness.killCore();
    const { kept } = harness.world.store;
    harness.world.store.kept = {
      ...kept,
      records: kept.records.map((record) => ({
        ...record,
        confirmed: { digest: 'sha256:of-less', parts: null },
        used: null,
      })),
    };
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed').because).toMatchObject({
      code: 'context-unconfirmed',
      cause: expect.stringContaining('earlier version'),
    });
    expect(await listed(harness)).toMatchObject({ confirmed: false, confirmedEarlier: true, changes: [] });
    await confirm(harness);
    await harness.until('connected');
    await harness.off();
  });
});

describe('the environment of a plugin', () => {
  it('is told on request, for the context that was shown only', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.values.set('LD_PRELOAD', '/tmp/x.so');
      const execPlugin = { ...plugin('cloud-login'), environmentNames: ['LD_PRELOAD'] };
      kubeconfig.contexts = [context('production', cluster.server, { execPlugin })];
    });
    const shown = await listed(harness);
    expect(JSON.stringify(shown)).not.toContain('/tmp/x.so');
    const input = { context: 'production', file: shown.file, digest: shown.digest };
    expect(await harness.call('readPluginEnvironment', input)).toEqual({
      ok: true,
      value: { variables: [{ name: 'LD_PRELOAD', value: '/tmp/x.so' }] },
    });
    pull(harness);
    expect(await harness.call('readPluginEnvironment', input)).toMatchObject({
      ok: false,
      problem: { code: 'context-changed' },
    });
  });
});

describe('a context whose name may be that of another one, in a file that cannot be read', () => {
  const doubt = problem('context-unconfirmed', 'x', { context: 'production', file: 'y' });
  const doubted = () =>
    new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server, { doubt })];
    });

  it('is opened by nobody who only names it, and by whoever confirmed it', async () => {
    const harness = doubted();
    for (const trustExec of [false, true]) {
      const wish = { context: 'production', trustExec };
      expect(await harness.call('listNamespaces', wish)).toMatchObject({ ok: false, problem: doubt });
      expect(await harness.call('connect', wish)).toMatchObject({ ok: false, problem: doubt });
    }
    await confirm(harness);
    expect(await harness.call('listNamespaces', { context: 'production' })).toMatchObject({ ok: true });
  });
});
