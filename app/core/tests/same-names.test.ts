/** Contexts of one name in two kubeconfigs: nobody is led to the other one's cluster. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { CoreHarness } from './core-harness.ts';

const own = '/home/jane/.kube/config';
const added = '/home/jane/added.yaml';
const elsewhere = 'https://elsewhere.example.org';

/** The world after `production` moved: what was the added file's is another file's now. */
function moved(more: Partial<Context> = {}): CoreHarness {
  return new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [
      context('production', elsewhere, { file: own, ...more }),
      context('production@added.yaml', cluster.server, { file: added }),
    ];
  });
}

/** Two of one name at once. */
function twins(): CoreHarness {
  return new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [
      context('production', elsewhere, { file: own }),
      context('production', cluster.server, { file: added }),
    ];
  });
}

describe('a context whose name moved to another file', () => {
  const refused = { ok: false, problem: { code: 'context-unknown', facts: { context: 'production', file: added } } };

  it('is not connected, asked or prepared in its place', async () => {
    const harness = moved();
    const input = { context: 'production', file: added };
    expect(await harness.call('connect', input)).toMatchObject(refused);
    expect(await harness.call('listNamespaces', input)).toMatchObject(refused);
    expect(await harness.call('listServices', { ...input, namespaces: [] })).toMatchObject(refused);
    expect(await harness.call('previewRoutes', input)).toMatchObject(refused);
    expect(await harness.call('setHomeNamespace', { ...input, namespace: 'infra' })).toMatchObject(refused);
    expect(harness.phase()).toBe('none');
    expect(harness.world.store.kept.wanted).toEqual([]);
  });

  it('is not trusted with its program', async () => {
    const harness = moved({ execPlugin: plugin('evil') });
    const { digest } = plugin('evil');
    const input = { context: 'production', file: added, digest };
    expect(await harness.call('confirmContext', input)).toMatchObject(refused);
    expect(await harness.call('runChecks', { context: 'production', file: added, trustExec: true })).toMatchObject({
      ok: true,
    });
    expect(harness.world.kubeconfig.pluginsRun).toEqual([]);
  });

  it('is not switched on by the next core in its place', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server, { file: added })];
    });
    await harness.connect({ file: added });
    await harness.killCore();
    harness.world.kubeconfig.change([context('production', elsewhere, { file: own })]);
    harness.startCore();
    await harness.until('failed');
    expect(harness.in('failed')).toMatchObject({
      cluster: { context: 'production', file: added },
      because: { code: 'context-unknown' },
    });
  });
});

describe('two contexts of one name', () => {
  it('are told apart by their files, while one is on too', async () => {
    const harness = twins();
    expect(await harness.connect({ file: added })).toMatchObject({
      cluster: { file: added, server: harness.world.cluster.server },
    });
    const test = { context: 'production', namespace: 'webshop', service: 'orders', port: 8080 };
    expect(await harness.call('testService', { ...test, file: own })).toMatchObject({
      ok: false,
      problem: { code: 'not-connected' },
    });
    await harness.off();
    expect(await harness.connect({ file: own })).toMatchObject({ cluster: { file: own, server: elsewhere } });
    await harness.off();
  });

  it('stream what is theirs only', async () => {
    const harness = twins();
    await harness.connect({ file: added });
    const heard: string[] = [];
    const ended: string[] = [];
    for (const file of [own, added]) {
      harness.core.subscribe(
        'services',
        { context: 'production', file },
        () => heard.push(file),
        () => ended.push(file),
      );
    }
    await harness.clock.advance(200);
    expect({ heard, ended }).toEqual({ heard: [added], ended: [own] });
  });
});
