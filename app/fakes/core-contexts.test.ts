import { describe, expect, it } from 'vitest';
import { CoreHarness } from './core-harness.ts';
import { context, plugin } from './kubeconfig.ts';

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

  it('may be switched on without being confirmed where no program would run, and say when they were', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    expect((await listed(harness)).production).toMatchObject({
      confirmed: false,
      lastUsedAt: expect.any(Number),
    });
  });
});
