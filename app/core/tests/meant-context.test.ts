/** A name alone means the caller's own files: no command is led to the connection that is on of another file's context. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type CommandInput, type CommandName, commands } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { CoreHarness } from './core-harness.ts';

const own = '/home/jane/.kube/config';
const added = '/home/jane/added.yaml';
const named = { context: 'production' };

let harness: CoreHarness;

beforeEach(async () => {
  harness = new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [
      context('production', cluster.server, { file: own, execPlugin: plugin('own-login') }),
      context('production', cluster.server, { file: added }),
    ];
  });
  await harness.connect({ file: added });
});

const call = <Name extends CommandName>(name: Name, input: CommandInput<Name>) => harness.call(name, input);
/** It was asked as the caller's own context says, which logs in by a plugin. */
async function asksItsOwn<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<void> {
  await call(name, input);
  expect(new Set(harness.world.kubeconfig.pluginsRun)).toEqual(new Set(['own-login']));
}
const trusted = { ...named, trustExec: true };
const notConnected = { ok: false, problem: { code: 'not-connected' } };

/** Every command that names a context; what is right where the name is on of another file. */
const table: Partial<Record<CommandName, () => Promise<void>>> = {
  listNamespaces: () => asksItsOwn('listNamespaces', trusted),
  listServices: () => asksItsOwn('listServices', { ...trusted, namespaces: [] }),
  listPods: () => asksItsOwn('listPods', { ...trusted, namespaces: [] }),
  previewRoutes: () => asksItsOwn('previewRoutes', trusted),
  explain: () => asksItsOwn('explain', { ...trusted, target: 'orders.webshop' }),
  runChecks: () => asksItsOwn('runChecks', trusted),
  connect: async () => {
    expect(await call('connect', trusted)).toMatchObject({ ok: true, value: { already: false } });
    expect(harness.world.kubeconfig.pluginsRun).toEqual(['own-login']);
  },
  // The safe direction: what is on by this name goes off, wherever it is called.
  disconnect: async () => {
    expect(await call('disconnect', named)).toMatchObject({ ok: true });
    expect(harness.phase()).not.toBe('connected');
  },
  setHomeNamespace: async () => {
    const before = harness.in('connected').homeNamespace;
    expect(await call('setHomeNamespace', { ...named, namespace: 'infra' })).toEqual({
      ok: true,
      value: { names: null },
    });
    expect(harness.in('connected').homeNamespace).toBe(before);
    expect(harness.world.store.kept.settings.contexts).toMatchObject([{ file: own, homeNamespace: 'infra' }]);
  },
  confirmContext: async () => {
    expect(await call('confirmContext', { ...named, file: '', digest: await digestOf(added) })).toMatchObject({
      ok: false,
      problem: { code: 'context-changed' },
    });
  },
  readPluginEnvironment: async () => {
    expect(await call('readPluginEnvironment', { ...named, digest: await digestOf(added) })).toMatchObject({
      ok: false,
      problem: { code: 'context-changed' },
    });
  },
  testService: async () => {
    expect(await call('testService', { ...named, namespace: 'webshop', service: 'orders', port: 80 })).toMatchObject(
      notConnected,
    );
  },
  testPod: async () => {
    expect(await call('testPod', { ...named, namespace: 'webshop', pod: 'orders', port: 80 })).toMatchObject(
      notConnected,
    );
  },
  getProxy: async () => {
    const why = async (file: string) => {
      const answer = await call('getProxy', { ...named, file });
      return answer.ok ? null : answer.problem.said?.id;
    };
    expect(await why(added)).toBe('proxyNone');
    expect(await why(own)).toBe('proxyOff');
  },
  testResolvers: async () => {
    const answerers = async (file: string) => {
      const answer = await call('testResolvers', { ...named, file });
      return answer.ok ? answer.value.answers.map(({ resolver }) => resolver) : expect.fail('no answer');
    };
    const { resolver } = harness.in('connected').names;
    expect(await answerers(added)).toContain(resolver);
    expect(await answerers('')).not.toContain(resolver);
  },
  proveOff: async () => {
    const clusterProof = async (file: string) => {
      const answer = await call('proveOff', { ...named, file });
      return answer.ok ? answer.value.proofs.find(({ proof }) => proof === 'cluster')?.said?.id : null;
    };
    expect(await clusterProof(added)).toBe('proofIsOn');
    expect(await clusterProof('')).not.toBe('proofIsOn');
  },
  cancelLogin: async () => {
    harness.world.faults.plan('credentials', 'hangs');
    let isOver = false;
    void harness.core.call('listNamespaces', trusted).then(() => {
      isOver = true;
    });
    await harness.clock.advance(100);
    expect(await call('cancelLogin', { ...named, file: added })).toMatchObject({ ok: true });
    await harness.clock.advance(100);
    expect(isOver).toBe(false);
    expect(await call('cancelLogin', named)).toMatchObject({ ok: true });
    await harness.clock.until(() => isOver, 'the end of the login');
  },
  preferNames: async () => {
    expect(await call('preferNames', named)).toMatchObject(notConnected);
    expect(await call('preferNames', { ...named, file: added })).toMatchObject({ ok: true });
  },
  changeSetting: async () => {
    await call('changeSetting', { ...named, name: 'homeNamespace', change: 'set', words: ['infra'] });
    expect(harness.world.store.kept.settings.contexts).toMatchObject([{ file: own }]);
  },
};

async function digestOf(file: string): Promise<string> {
  const listed = await call('listContexts', {});
  const found = listed.ok ? listed.value.contexts.find((one) => one.file === file) : undefined;
  return found?.digest ?? expect.fail('it is not there');
}

describe('a name that is on of another file', () => {
  const naming = (Object.keys(commands) as CommandName[]).filter((name) => 'context' in commands[name].input.shape);

  it.each(naming)('is not what %s means', async (name) => {
    await (table[name] ?? expect.fail(`no row for ${name}`))();
  });
});

describe('a connect for what is on', () => {
  const elsewhere = 'https://elsewhere.example.org';

  it('is refused where the kubeconfig leads elsewhere by now, confirmed or not, and says how', async () => {
    const { kubeconfig, cluster } = harness.world;
    kubeconfig.change([context('production', elsewhere, { file: added })]);
    const refused = {
      ok: false,
      problem: {
        code: 'connection-differs',
        cause: expect.stringContaining(`server: ${cluster.server} → ${elsewhere}`),
        fixes: [
          { kind: 'advice' },
          { kind: 'command', text: 'slipway disconnect' },
          { kind: 'command', text: 'slipway connect production' },
        ],
      },
    };
    expect(await call('connect', named)).toMatchObject(refused);
    const digest = await digestOf(added);
    expect(await call('confirmContext', { ...named, file: added, digest })).toMatchObject({ ok: true });
    expect(await call('connect', named)).toMatchObject(refused);
    expect(harness.in('connected').cluster.server).toBe(cluster.server);
    await harness.off();
    expect((await harness.connect()).cluster.server).toBe(elsewhere);
    await harness.off();
  });

  it('is answered where the kubeconfig says what it said', async () => {
    const { kubeconfig, cluster } = harness.world;
    kubeconfig.change([context('production', cluster.server, { file: added, namespace: 'infra' })]);
    expect(await call('connect', named)).toMatchObject({ ok: true, value: { already: true } });
    await harness.off();
  });
});
