import { describe, expect, it } from 'vitest';
import { CoreHarness } from './core-harness.ts';

const file = '/home/jane/.kube/config';

describe('settings', () => {
  it('tell every frontend that they changed, and that only', async () => {
    const harness = new CoreHarness();
    await harness.clock.advance(200);
    const revisions: number[] = [];
    harness.core.watch(({ settingsRevision }) => revisions.push(settingsRevision));
    await harness.call('changeSettings', { theme: 'dark' });
    await harness.call('changeSettings', { extraRanges: ['not a range'] });
    await harness.clock.advance(200);
    expect(revisions).toEqual([0, 1]);
  });

  it('keep what two frontends change at the same time', async () => {
    const harness = new CoreHarness();
    await harness.clock.advance(200);
    const answers = Promise.all([
      harness.core.call('changeSettings', { theme: 'light' }),
      harness.core.call('changeSettings', { language: 'zh-CN' }),
      harness.core.call('setHomeNamespace', { context: 'production', namespace: 'dev' }),
    ]);
    await harness.clock.advance(6000);
    expect((await answers).map(({ ok }) => ok)).toEqual([true, true, true]);
    const kept = { theme: 'light', language: 'zh-CN', contexts: [{ context: 'production', homeNamespace: 'dev' }] };
    expect(await harness.call('getSettings', {})).toMatchObject({ ok: true, value: kept });
    expect(harness.world.store.kept.settings).toMatchObject(kept);
  });

  it.each([
    ['a namespace', { contexts: [{ context: 'production', file, homeNamespace: 'Web Shop' }] }],
    ['a namespace in view', { contexts: [{ context: 'production', file, namespacesInView: ['-'] }] }],
    ['an image', { contexts: [{ context: 'production', file, agentImage: 'one two' }] }],
    ['a pinned Service', { pinnedServices: [{ context: 'production', file, namespace: '../../..', name: 'orders' }] }],
    ['a relative kubeconfig', { kubeconfigFiles: ['config'] }],
  ])('refuse %s that can be none', async (_, change) => {
    const harness = new CoreHarness();
    expect(await harness.call('changeSettings', change)).toMatchObject({ ok: false, problem: { code: 'usage' } });
    expect(await harness.call('getSettings', {})).toMatchObject({ ok: true, value: { contexts: [] } });
  });

  it('keep each context, pin and file once', async () => {
    const harness = new CoreHarness();
    const pin = { context: 'production', file, namespace: 'webshop', name: 'orders' };
    const changed = await harness.call('changeSettings', {
      contexts: [
        { context: 'production', file, homeNamespace: 'dev' },
        { context: 'staging', file },
        { context: 'production', file, homeNamespace: 'infra' },
      ],
      pinnedContexts: [
        { context: 'staging', file },
        { context: 'production', file },
        { context: 'staging', file },
      ],
      pinnedServices: [pin, pin],
      kubeconfigFiles: ['~/more', '~/more'],
    });
    expect(changed).toMatchObject({
      ok: true,
      value: { pinnedServices: [pin], kubeconfigFiles: ['~/more'] },
    });
    expect(changed.ok && changed.value.contexts.map((one) => [one.context, one.homeNamespace])).toEqual([
      ['staging', ''],
      ['production', 'infra'],
    ]);
    expect(changed.ok && changed.value.pinnedContexts.map(({ context }) => context)).toEqual(['staging', 'production']);
  });

  it('without names route addresses, leave names alone, and call that whole', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', { resolverMode: 'off' });
    expect(await harness.call('previewRoutes', { context: 'production' })).toMatchObject({
      ok: true,
      value: { resolverMode: 'off' },
    });
    const connected = await harness.connect();
    expect(connected).toMatchObject({ degraded: [], names: { mode: 'off', search: [] } });
    expect(connected.routes.length).toBeGreaterThan(0);
    expect(harness.world.host.names).toEqual([]);
  });

  it('for a context are taken where a connect names nothing', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', {
      contexts: [
        { context: 'production', file, agentNamespace: 'infra', homeNamespace: 'dev', agentImage: 'own/agent:1' },
      ],
    });
    expect(await harness.call('previewRoutes', { context: 'production' })).toMatchObject({
      ok: true,
      value: {
        upstreams: ['192.168.1.1'],
        agent: { namespace: 'infra', image: 'own/agent:1', delivery: 'image' },
      },
    });
    const connected = await harness.connect();
    expect(connected).toMatchObject({
      homeNamespace: 'dev',
      agent: { namespace: 'infra', image: 'own/agent:1', delivery: 'image' },
    });
  });
});

describe('another home namespace', () => {
  it('while connected is in force with the answer, and for the next start', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const moved = await harness.call('setHomeNamespace', { context: 'production', namespace: 'infra' });
    expect(moved).toMatchObject({
      ok: true,
      value: { names: { search: ['infra.svc.cluster.local', 'svc.cluster.local', 'cluster.local'] } },
    });
    expect(harness.in('connected')).toMatchObject({ homeNamespace: 'infra', names: moved.ok ? moved.value.names : {} });
    await harness.killCore();
    harness.startCore();
    await harness.until('connected');
    expect(harness.in('connected').homeNamespace).toBe('infra');
    await harness.off();
    expect((await harness.connect()).homeNamespace).toBe('infra');
  });

  it('while off is for the next time', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('setHomeNamespace', { context: 'production', namespace: 'dev' })).toEqual({
      ok: true,
      value: { names: null },
    });
    expect((await harness.connect()).homeNamespace).toBe('dev');
  });

  it('that the cluster has not is refused, and nothing changes', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    expect(await harness.call('setHomeNamespace', { context: 'production', namespace: 'nowhere' })).toMatchObject({
      ok: false,
      problem: { code: 'namespace-missing' },
    });
    expect(harness.in('connected').homeNamespace).toBe('webshop');
  });
});

describe('the helper', () => {
  it('is started before the first connect, and seen', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('prepareHelper', {})).toEqual({ ok: true, value: { build: 'fake-build' } });
    expect(await harness.call('getSnapshot', {})).toMatchObject({ ok: true, value: { helper: { state: 'ready' } } });
  });
});
