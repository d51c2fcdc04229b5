/** Nobody acts as somebody else: a plugin logs in as the environment of whoever asked says. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller, CommandInput, CommandName, CommandOutput, Result } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { CoreHarness } from './core-harness.ts';

const wish = { context: 'production', trustExec: true };
const services = { ...wish, namespaces: [] };

function caller(profile: string): Caller {
  return { environment: { AWS_PROFILE: profile }, folder: '/home/jane', kubeconfigs: [], isExplicit: false };
}

let harness: CoreHarness;
/** As whom plugins ran, one after the other; how often is not the subject. */
const profiles = () =>
  harness.world.kubeconfig.pluginsRanIn
    .map(({ AWS_PROFILE }) => AWS_PROFILE)
    .filter((profile, index, all) => profile !== all[index - 1]);

async function callAs<Name extends CommandName>(
  profile: string,
  command: Name,
  input: CommandInput<Name>,
): Promise<Result<CommandOutput<Name>>> {
  const asked = harness.core.as(caller(profile), new AbortController().signal).call(command, input);
  let isOver = false;
  void asked.finally(() => {
    isOver = true;
  });
  await harness.clock.until(() => isOver, `an answer to ${command}`);
  return asked;
}

async function connectAs(profile: string): Promise<void> {
  expect(await callAs(profile, 'connect', wish)).toMatchObject({ ok: true });
  await harness.clock.until(() => harness.phase() === 'connected', 'a connection');
}

beforeEach(() => {
  harness = new CoreHarness(({ kubeconfig, cluster }) => {
    kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('aws') })];
  });
});

describe('a command with another environment', () => {
  it('has its plugin run in that one, whoever started the core', async () => {
    expect(await callAs('one', 'listServices', services)).toMatchObject({ ok: true });
    expect(await callAs('two', 'listServices', services)).toMatchObject({ ok: true });
    expect(profiles()).toEqual(['one', 'two']);
  });

  it('is not answered through a connection of somebody else’s', async () => {
    await connectAs('one');
    expect(await callAs('two', 'listServices', services)).toMatchObject({ ok: true });
    expect(profiles()).toEqual(['one', 'two']);
    expect(await callAs('one', 'listServices', services)).toMatchObject({ ok: true });
    expect(profiles()).toEqual(['one', 'two']); // the last one went through the connection
  });

  it('cannot take over a connection, and is told which variables differ', async () => {
    await connectAs('one');
    expect(await callAs('two', 'connect', wish)).toMatchObject({
      ok: false,
      problem: { code: 'caller-changed', cause: expect.stringContaining('AWS_PROFILE') },
    });
    expect(await callAs('one', 'connect', wish)).toMatchObject({ ok: true });
    expect(profiles()).toEqual(['one']);
  });

  it('may switch the connection off, and on again as itself', async () => {
    await connectAs('one');
    expect(await callAs('two', 'disconnect', {})).toMatchObject({ ok: true });
    await connectAs('two');
    expect(profiles()).toEqual(['one', 'two']);
  });
});

describe('a connection that is restored after a crash', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['comes on in the environment that it was switched on with', { AWS_PROFILE: 'one' }, true],
    ['does not act as somebody else in another one', { AWS_PROFILE: 'two' }, false],
    ['does not act as somebody else where the variable is missing', {}, false],
  ])('%s', async (_, environment, isSame) => {
    await connectAs('one');
    await harness.killCore();
    harness.world.kubeconfig.environment = environment;
    harness.startCore();
    await harness.clock.until(() => ['connected', 'failed'].includes(harness.phase()), 'an outcome');
    if (isSame) {
      expect(harness.phase()).toBe('connected');
    } else {
      expect(harness.in('failed')).toMatchObject({ because: { code: 'caller-changed' }, nextTryAt: null });
      expect(profiles()).toEqual(['one']);
      await connectAs('two'); // asked for, it comes on
    }
  });
});

describe('what a window is told of the core', () => {
  it('names variables that differ, and whether the core may make room', async () => {
    harness.world.kubeconfig.environment = { AWS_PROFILE: 'one' };
    expect(await callAs('one', 'compareCaller', {})).toMatchObject({ value: { variables: [], idle: true } });
    expect(await callAs('two', 'compareCaller', {})).toMatchObject({
      value: { variables: ['AWS_PROFILE'], idle: true },
    });
    await connectAs('one');
    expect(await callAs('two', 'compareCaller', {})).toMatchObject({
      value: { variables: ['AWS_PROFILE'], idle: false },
    });
  });
});

describe('a command that means a context of another file', () => {
  it('is not answered through the one of the same name that is on', async () => {
    await connectAs('one');
    const { kubeconfig, cluster } = harness.world;
    kubeconfig.contexts = [context('production', cluster.server, { file: '/other/kubeconfig' })];
    const before = cluster.openPorts;
    let opened = before;
    const asked = harness.core
      .as({ ...caller('one'), kubeconfigs: ['/other/kubeconfig'] }, new AbortController().signal)
      .call('listNamespaces', { context: 'production' });
    void asked.finally(() => {
      opened = -1;
    });
    let most = before;
    await harness.clock.until(() => {
      most = Math.max(most, cluster.openPorts);
      return opened === -1;
    }, 'an answer');
    expect(await asked).toMatchObject({ ok: true });
    expect(most).toBe(before + 1);
  });
});
