/** A login that waits for its user is shown whoever asked for the cluster, and ends with who asked. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type CommandInput, type CommandName, cause, type Login } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { loginPatience } from '../clusters/logins.ts';
import { CoreHarness } from './core-harness.ts';

const wish = { context: 'production', trustExec: true };
const asking: [CommandName, CommandInput<CommandName>][] = [
  ['listNamespaces', wish],
  ['listServices', { ...wish, namespaces: [] }],
  ['listPods', { ...wish, namespaces: [] }],
  ['previewRoutes', wish],
  ['explain', { ...wish, target: 'orders.webshop' }],
  ['runChecks', wish],
  ['connect', wish],
];
const words = (said: string) => cause('pluginWaits', { said });

let harness: CoreHarness;
const logins = (): readonly Login[] => {
  let found: readonly Login[] = [];
  harness.core.watch((snapshot) => {
    found = snapshot.logins ?? [];
  })();
  return found;
};

beforeEach(() => {
  harness = new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('device') })];
  });
  harness.world.faults.plan('credentials', 'hangs');
});

/** A frontend that asks, and may go. */
function ask(command: CommandName, input: CommandInput<CommandName>) {
  const gone = new AbortController();
  const end = { isOver: false };
  void harness.core
    .as(null, gone.signal)
    .call(command, input)
    .then(() => {
      end.isOver = true;
    });
  return { gone, end };
}

describe('a plugin that waits for its user', () => {
  it.each(asking)('is shown with its words while %s waits, and no longer', async (command, input) => {
    const { gone } = ask(command, input);
    await harness.clock.advance(100);
    const since = harness.clock.now();
    harness.world.cluster.tellWaiting(words('enter the code ABCD-1234'));
    await harness.clock.advance(loginPatience + 100);
    expect(logins()).toEqual([
      {
        context: 'production',
        file: expect.any(String),
        said: 'enter the code ABCD-1234',
        since,
        cancellable: command !== 'connect',
      },
    ]);
    harness.world.cluster.tellWaiting(words('enter the code EFGH-5678'));
    await harness.clock.advance(100);
    expect(logins()).toMatchObject([{ said: 'enter the code EFGH-5678', since }]);
    harness.world.cluster.tellWaiting(null);
    await harness.clock.advance(100);
    expect(logins()).toEqual([]);
    gone.abort();
  });

  it.each(asking.filter(([command]) => command !== 'connect'))(
    'ends, and its words, when whoever asked %s has gone',
    async (command, input) => {
      const { gone, end } = ask(command, input);
      await harness.clock.advance(100);
      harness.world.cluster.tellWaiting(words('enter the code ABCD-1234'));
      await harness.clock.advance(loginPatience + 100);
      expect([logins().length, harness.world.cluster.openPorts]).toEqual([1, 1]);
      gone.abort();
      await harness.clock.until(() => end.isOver, 'the end of the command');
      expect([logins().length, harness.world.cluster.openPorts]).toEqual([0, 0]);
    },
  );

  it('is not shown where it only complains and ends, nor where a server is busy', async () => {
    const { gone } = ask('listPods', { ...wish, namespaces: [] });
    await harness.clock.advance(100);
    harness.world.cluster.tellWaiting(words('the session has expired'));
    await harness.clock.advance(loginPatience - 100);
    harness.world.cluster.tellWaiting(null);
    await harness.clock.advance(loginPatience);
    expect(logins()).toEqual([]);
    harness.world.cluster.tellWaiting(cause('serverBusy', { said: 'overloaded', seconds: 3 }));
    await harness.clock.advance(loginPatience + 100);
    expect(logins()).toEqual([]);
    gone.abort();
  });

  it('passes on the end of a very long text, where the code stands', async () => {
    const { gone } = ask('listPods', { ...wish, namespaces: [] });
    await harness.clock.advance(100);
    harness.world.cluster.tellWaiting(words(`${'x'.repeat(100_000)} ABCD-1234`));
    await harness.clock.advance(loginPatience + 100);
    expect(logins()[0]?.said).toMatch(/^x.{1989} ABCD-1234$/);
    gone.abort();
  });

  it('runs for one question after the other, so that the second finds what the first one fetched', async () => {
    const first = ask('listPods', { ...wish, namespaces: [] });
    await harness.clock.advance(100);
    const second = ask('listServices', { ...wish, namespaces: [] });
    const third = ask('listNamespaces', wish);
    await harness.clock.advance(5000);
    expect(harness.world.kubeconfig.pluginsRun).toHaveLength(1);
    third.gone.abort();
    first.gone.abort();
    await harness.clock.until(() => second.end.isOver && third.end.isOver, 'answers to those behind it');
    expect(harness.world.cluster.openPorts).toBe(0);
  });

  it('runs once for a connect and a list of the same context, whichever came first', async () => {
    for (const [first, second] of [
      ['listPods', 'connect'],
      ['connect', 'listPods'],
    ] as const) {
      const { pluginsRun } = harness.world.kubeconfig;
      const before = pluginsRun.length;
      const one = ask(first, { ...wish, namespaces: [] });
      await harness.clock.advance(100);
      const other = ask(second, { ...wish, namespaces: [] });
      await harness.clock.advance(5000);
      expect(pluginsRun).toHaveLength(before + 1);
      one.gone.abort();
      other.gone.abort();
      await harness.off();
      harness.world.faults.plan('credentials', 'hangs');
    }
  });

  it('is not run for a connect that was switched off while it waited for another login', async () => {
    const list = ask('listPods', { ...wish, namespaces: [] });
    await harness.clock.advance(100);
    await harness.call('connect', wish);
    await harness.off();
    list.gone.abort();
    await harness.clock.until(() => list.end.isOver, 'the end of the list');
    await harness.clock.advance(1000);
    expect(harness.world.kubeconfig.pluginsRun).toHaveLength(1);
    expect(harness.world.cluster.openPorts).toBe(0);
  });

  it('ends with all that wait behind it when its login is cancelled', async () => {
    const first = ask('listPods', { ...wish, namespaces: [] });
    await harness.clock.advance(100);
    const second = ask('listServices', { ...wish, namespaces: [] });
    harness.world.cluster.tellWaiting(words('enter the code ABCD-1234'));
    await harness.clock.advance(loginPatience + 100);
    const [login] = logins();
    expect(await harness.call('cancelLogin', { context: 'production', file: login?.file ?? '' })).toMatchObject({
      ok: true,
    });
    await harness.clock.until(() => first.end.isOver && second.end.isOver, 'the end of both');
    expect([logins().length, harness.world.cluster.openPorts]).toEqual([0, 0]);
  });

  it('is in no report: a code is a secret for as long as it is good', async () => {
    const { gone } = ask('connect', wish);
    await harness.clock.advance(100);
    harness.world.cluster.tellWaiting(words('enter the code ABCD-1234'));
    await harness.clock.advance(loginPatience + 100);
    expect(logins()).toHaveLength(1);
    const report = await harness.call('prepareReport', {});
    expect(report).toMatchObject({ ok: true });
    expect(JSON.stringify(report)).not.toContain('ABCD-1234');
    gone.abort();
  });
});
