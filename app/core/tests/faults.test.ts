import { describe, expect, it } from 'vitest';
import { cause, causeText, type Problem, type ProblemCode, problem, type Step } from '../../contract/index.ts';
import type { Operation } from '../../fakes/faults.ts';
import { plugin } from '../../fakes/kubeconfig.ts';
import type { World } from '../../fakes/world.ts';
import { CoreHarness } from './core-harness.ts';

/** Each operation of a connect, a problem that it may meet, and the step that the user sees it at. */
const failing: [Operation, ProblemCode, Step][] = [
  ['open', 'certificate-untrusted', 'cluster'],
  ['credentials', 'exec-failed', 'cluster'],
  ['reach', 'api-unreachable', 'cluster'],
  ['reach', 'api-busy', 'cluster'],
  ['reach', 'unauthorized', 'cluster'],
  ['reach', 'certificate-expired', 'cluster'],
  ['discoverRanges', 'forbidden', 'cluster'],
  ['ensureHelper', 'helper-missing', 'helper'],
  ['ensureHelper', 'helper-version', 'helper'],
  ['startEngine', 'engine-missing', 'helper'],
  ['startEngine', 'engine-version', 'helper'],
  ['prepare', 'journal-unwritable', 'helper'],
  ['prepare', 'tun-unavailable', 'helper'],
  ['placeAgent', 'agent-image-unpullable', 'agent'],
  ['placeAgent', 'agent-no-shell', 'agent'],
  ['placeAgent', 'agent-refused', 'agent'],
  ['placeAgent', 'agent-unschedulable', 'agent'],
  ['placeAgent', 'agent-crashed', 'agent'],
  ['placeAgent', 'forbidden', 'agent'],
  ['tunnel', 'agent-version', 'tunnel'],
  ['tunnel', 'tunnel-silent', 'tunnel'],
  ['routes', 'route-refused', 'routes'],
  ['names', 'internal', 'names'],
  ['verify', 'tunnel-silent', 'verify'],
];

async function expectFailure(harness: CoreHarness, code: string, step: Step): Promise<Problem> {
  await harness.until('failed');
  const failed = harness.in('failed');
  expect({ code: failed.because.code, step: failed.step, left: failed.leftOnHost }).toEqual({ code, step, left: 0 });
  expect(failed.retry).not.toBe('automatic');
  harness.expectNothingLeft();
  await harness.clock.advance(120_000);
  harness.in('failed');
  return failed.because;
}

describe('a connect that fails', () => {
  it.each(failing)('at %s with %s says so at the step %s and leaves nothing', async (operation, code, step) => {
    const harness = new CoreHarness();
    harness.world.faults.plan(operation, problem(code, 'planned'), 99);
    await harness.call('connect', { context: 'production' });
    const because = await expectFailure(harness, code, step);
    expect(because.cause).toContain('planned');
  });

  it('says while it waits for a busy API server, and no longer', async () => {
    const harness = new CoreHarness();
    harness.world.faults.plan('reach', 'hangs');
    await harness.call('connect', { context: 'production' });
    await harness.until('preparing');
    await harness.clock.advance(1000);
    const busy = cause('serverBusy', { said: 'overloaded', seconds: 3 });
    harness.world.cluster.tellWaiting(busy);
    expect(harness.in('preparing')).toMatchObject({ detail: causeText(busy), detailSaid: busy });
    harness.world.cluster.tellWaiting(null);
    expect(harness.in('preparing')).toMatchObject({ detail: '', detailSaid: null });
    await harness.off();
    harness.expectNothingLeft();
  });

  it('tells how long each step took, the one that failed too', async () => {
    const harness = new CoreHarness();
    harness.world.faults.plan('tunnel', problem('tunnel-silent', 'planned'), 99);
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    const { done, milliseconds } = harness.in('failed');
    expect(done.map(({ step }) => step)).toEqual(expect.arrayContaining(['cluster', 'helper', 'agent']));
    expect(done.map(({ step }) => step)).not.toContain('tunnel');
    expect(milliseconds).toBeGreaterThan(0);
  });

  it.each(failing)('at %s with %s can be tried again and then works', async (operation, code) => {
    const harness = new CoreHarness();
    harness.world.faults.plan(operation, problem(code, 'planned'));
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    await harness.connect();
    await harness.off();
    harness.expectNothingLeft();
  });

  it.each<[Operation, Step]>([
    ['open', 'cluster'],
    ['reach', 'cluster'],
    ['discoverRanges', 'cluster'],
    ['protectedAddresses', 'helper'],
    ['ensureHelper', 'helper'],
    ['startEngine', 'helper'],
    ['placeAgent', 'agent'],
  ])('because an adapter throws at %s is told as internal', async (operation, step) => {
    const harness = new CoreHarness();
    harness.world.faults.plan(operation, 'throws');
    await harness.call('connect', { context: 'production' });
    await expectFailure(harness, 'internal', step);
  });

  it.each<[Operation, ProblemCode]>([
    ['prepare', 'helper-lost'],
    ['verify', 'tunnel-silent'],
  ])('because nothing is heard after %s ends at a deadline', async (operation, code) => {
    const harness = new CoreHarness((world) => {
      world.store.kept.settings = { ...world.store.kept.settings, recover: false };
    });
    harness.world.faults.plan(operation, 'hangs');
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    expect(harness.in('failed').because.code).toBe(code);
    harness.expectNothingLeft();
  });

  it('says why nothing can be routed, and touches nothing', async () => {
    const harness = new CoreHarness();
    const { cluster, host } = harness.world;
    host.refusals = Object.fromEntries(cluster.ranges.map(({ prefix }) => [prefix, 'too-many']));
    await harness.call('connect', { context: 'production' });
    const because = await expectFailure(harness, 'route-refused', 'routes');
    expect(because.title).toBe(
      'The range 10.96.0.0/16 collides with the limit on the number of routes on this computer',
    );
    expect(harness.world.cluster.timesPlaced).toBe(0);
    expect(harness.world.host.timesChanged).toBe(0);
  });

  it('tells an agent that crashed while the tunnel waits for it, with its last words', async () => {
    const harness = new CoreHarness();
    const { cluster, faults } = harness.world;
    faults.plan('tunnel', 'hangs');
    await harness.call('connect', { context: 'production' });
    await harness.clock.advance(3000);
    const [pod] = [...cluster.agents.keys()];
    cluster.crashes.set(pod ?? '', problem('agent-crashed', 'exit code 2, no such flag'));
    const because = await expectFailure(harness, 'agent-crashed', 'agent');
    expect(because.cause).toBe('exit code 2, no such flag');
  });

  it('names the missing right, not the ranges that could not be learnt without it', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.missingRights = [problem('forbidden', 'denied', { verb: 'list', resource: 'pods' }, 'kind: Role')];
    });
    const { faults } = harness.world;
    faults.plan('discoverRanges', problem('no-ranges', 'planned'));
    const pass = faults.pass.bind(faults);
    faults.pass = async (operation) => {
      await faults.wait(operation === 'checkRights' ? 500 : 0); // it is the slower of the two
      return pass(operation);
    };
    await harness.call('connect', { context: 'production' });
    await expectFailure(harness, 'forbidden', 'cluster');
  });

  it('connects beside the collision once the user excluded that range', async () => {
    const harness = new CoreHarness();
    harness.world.host.networks.push({ prefix: '10.244.0.0/16', interface: 'tun7' });
    await harness.call('changeSettings', { excludedRanges: ['10.244.0.0/16'] });
    const { routes } = await harness.connect();
    expect(routes.map(({ prefix, decision, reason }) => [prefix, decision, reason])).toEqual([
      ['10.96.0.0/16', 'routed', ''],
      ['10.244.0.0/24', 'excluded', 'user'],
      ['10.244.1.0/24', 'excluded', 'user'],
    ]);
  });

  const worlds: [string, ProblemCode, (world: World) => void][] = [
    [
      'no ranges',
      'no-ranges',
      ({ cluster }) => {
        cluster.ranges = [];
      },
    ],
    [
      'no such namespace',
      'namespace-missing',
      ({ cluster }) => {
        cluster.namespaces = ['default'];
      },
    ],
    [
      'no right to make Jobs',
      'forbidden',
      ({ cluster }) => {
        cluster.missingRights = [problem('forbidden', 'denied', { verb: 'create', resource: 'jobs' }, 'kind: Role')];
      },
    ],
  ];
  it.each(worlds)('because of %s fails with %s before anything is made', async (_, code, prepare) => {
    const harness = new CoreHarness(prepare);
    await harness.call('connect', { context: 'production' });
    await expectFailure(harness, code, 'cluster');
    expect(harness.world.cluster.timesPlaced).toBe(0);
    expect(harness.world.host.timesChanged).toBe(0);
  });

  it('is refused at once for a context that does not exist and for one that cannot be used', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('connect', { context: 'nowhere' })).toMatchObject({
      problem: { code: 'context-unknown', title: 'There is no context named nowhere' },
    });
    harness.world.kubeconfig.contexts = [];
    expect(await harness.call('connect', { context: 'production' })).toMatchObject({
      problem: { code: 'kubeconfig-missing' },
    });
    expect(harness.phase()).toBe('none');
  });

  it('tells what an undo could not undo, until it can', async () => {
    const harness = new CoreHarness();
    harness.world.host.stubborn = 2;
    harness.world.faults.plan('verify', problem('tunnel-silent', 'planned'));
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    expect(harness.in('failed').leftOnHost).toBe(2);
    harness.world.host.stubborn = 0;
    harness.world.host.leftOver = 0;
    expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
    harness.expectNothingLeft();
  });

  it('lets go of an agent that cannot be deleted, and says so', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('deleteAgent', 'hangs');
    expect(await harness.off()).toMatchObject({ ok: true, value: { leftOnHost: 0 } });
    expect(harness.world.host.isUntouched()).toBe(true);
    expect(harness.in('off').last).toMatchObject({ code: 'api-unreachable' });
  });
});

describe('credential plugins', () => {
  const withPlugin = (world: World) => {
    world.kubeconfig.contexts = world.kubeconfig.contexts.map((context) => ({
      ...context,
      execPlugin: plugin('cloud-login'),
    }));
  };

  it('run only after their command line was confirmed, by whatever command would need them', async () => {
    const harness = new CoreHarness(withPlugin);
    const refused = {
      ok: false,
      problem: { code: 'exec-unconfirmed', facts: { commandLine: 'cloud-login get-token' } },
    };
    await harness.call('listContexts', {});
    expect(await harness.call('connect', { context: 'production' })).toMatchObject(refused);
    expect(await harness.call('listNamespaces', { context: 'production' })).toMatchObject(refused);
    expect(await harness.call('listServices', { context: 'production', namespaces: [] })).toMatchObject(refused);
    expect(await harness.call('previewRoutes', { context: 'production' })).toMatchObject(refused);
    const checked = await harness.call('runChecks', { context: 'production' });
    expect(checked.ok && checked.value.checks.find(({ check }) => check === 'api-server')).toMatchObject({
      state: 'bad',
      problem: { code: 'exec-unconfirmed' },
    });
    expect(harness.world.kubeconfig.pluginsRun).toEqual([]);
    expect(harness.phase()).toBe('none');
  });

  it('are remembered by content, so that another command line asks again', async () => {
    const harness = new CoreHarness(withPlugin);
    await harness.call('runChecks', { context: 'production', trustExec: true });
    await harness.connect();
    await harness.off();
    harness.startCore();
    await harness.connect();
    await harness.off();
    const [production] = harness.world.kubeconfig.contexts;
    harness.world.kubeconfig.change([
      { ...production, execPlugin: plugin('cloud-login-2') } as NonNullable<typeof production>,
    ]);
    expect(await harness.call('connect', { context: 'production' })).toMatchObject({
      problem: { code: 'context-changed', cause: expect.stringContaining('cloud-login-2') },
    });
    expect(harness.world.kubeconfig.pluginsRun).not.toContain('cloud-login-2 get-token');
  });

  it('are remembered with trustExec', async () => {
    const harness = new CoreHarness(withPlugin);
    await harness.connect({ trustExec: true });
    expect(harness.world.store.kept.trusted).toEqual(['digest of cloud-login']);
  });
});
