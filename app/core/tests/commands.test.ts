import { describe, expect, it } from 'vitest';
import { type CommandName, checkSchema, commands, problem } from '../../contract/index.ts';
import { keptKubeconfig } from '../../fakes/port-tests/kubeconfig-files.ts';
import { service } from '../../fakes/service.ts';
import { CoreHarness } from './core-harness.ts';

describe('commands', () => {
  const names = Object.keys(commands) as CommandName[];

  it.each(names)('%s refuses input of another shape', async (name) => {
    const harness = new CoreHarness();
    const answer = harness.core.call(name, 'not an object');
    await harness.clock.advance(100);
    expect(await answer).toMatchObject({ ok: false, problem: { code: 'message-malformed' } });
  });

  it('answers what the contract says, by its own schema', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const inputs: { readonly [Name in CommandName]?: Record<string, unknown> } = {
      listContexts: {},
      listNamespaces: { context: 'production' },
      listServices: { context: 'production', namespaces: [] },
      previewRoutes: { context: 'production' },
      connect: { context: 'production' },
      getSnapshot: {},
      runChecks: {},
      setHomeNamespace: { context: 'production', namespace: 'infra' },
      prepareHelper: {},
      addKubeconfig: { source: { kind: 'text', name: 'x', text: keptKubeconfig } },
      testService: { context: 'production', namespace: 'webshop', service: 'orders', port: 80 },
      testResolvers: {},
      proveOff: { context: 'production' },
      listActivity: {},
      prepareReport: {},
      writeReport: { id: 'report-1' },
      startSandbox: {},
      cancelLogin: { context: 'production', file: '' },
      cancelWork: { work: 'sandbox-start-2' },
      getSettings: {},
      changeSettings: { recover: true },
      disconnect: {},
    };
    for (const name of Object.keys(inputs) as CommandName[]) {
      const answer = await harness.call(name, inputs[name] as never);
      expect(answer.ok, name).toBe(true);
      if (answer.ok) {
        expect(commands[name].output.parse(answer.value), name).toEqual(answer.value);
      }
    }
  });

  it('list namespaces and Services of a cluster that is off, and close it again', async () => {
    const harness = new CoreHarness();
    harness.world.cluster.services.push(service('infra', 'redis', '10.96.3.3', []));
    expect(await harness.call('listNamespaces', { context: 'staging' })).toMatchObject({
      ok: true,
      value: { namespaces: ['default', 'dev', 'infra', 'webshop'], complete: true },
    });
    expect(await harness.call('listServices', { context: 'staging', namespaces: ['infra'] })).toMatchObject({
      ok: true,
      value: { services: [{ namespace: 'infra', name: 'redis' }] },
    });
    harness.expectNothingLeft();
  });

  it('preview the routes without changing anything', async () => {
    const harness = new CoreHarness();
    harness.world.host.networks.push({ prefix: '10.96.4.0/24', interface: 'eth0' });
    expect(await harness.call('previewRoutes', { context: 'production' })).toMatchObject({
      ok: true,
      value: {
        resolverMode: 'resolv-conf',
        routes: [
          { prefix: '10.96.0.0/16', decision: 'cut', conflict: '10.96.4.0/24', interface: 'eth0' },
          { prefix: '10.244.0.0/24', decision: 'routed' },
          { prefix: '10.244.1.0/24', decision: 'routed' },
        ],
      },
    });
    expect(harness.world.host.timesChanged).toBe(0);
    harness.expectNothingLeft();
  });

  it('keep settings, and refuse ranges that are none', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('changeSettings', { extraRanges: ['10.0.0.0/33'] })).toMatchObject({
      ok: false,
      problem: { code: 'usage' },
    });
    await harness.call('changeSettings', { extraRanges: ['172.20.0.0/16'], agentImage: 'registry.example.org/agent' });
    harness.startCore();
    expect(await harness.call('getSettings', {})).toMatchObject({
      ok: true,
      value: { extraRanges: ['172.20.0.0/16'], recover: true },
    });
    const { routes, agent } = await harness.connect();
    expect(routes.at(-1)).toMatchObject({ prefix: '172.20.0.0/16', kind: 'extra', decision: 'routed' });
    expect(agent).toMatchObject({ delivery: 'image', image: 'registry.example.org/agent' });
  });

  it('tell frontends that a kubeconfig changed', async () => {
    const harness = new CoreHarness();
    await harness.clock.advance(200);
    const revisions: number[] = [];
    harness.core.watch(({ contextsRevision }) => revisions.push(contextsRevision));
    harness.world.kubeconfig.change(harness.world.kubeconfig.contexts.slice(0, 1));
    await harness.clock.advance(200);
    expect(revisions).toEqual([0, 1]);
  });
});

describe('checks', () => {
  async function check(harness: CoreHarness, context = '') {
    const answer = await harness.call('runChecks', { context });
    if (!answer.ok) {
      throw new Error(answer.problem.cause);
    }
    return Object.fromEntries(answer.value.checks.map((check) => [check.check, check]));
  }

  it('are all good while connected', async () => {
    const harness = new CoreHarness();
    harness.world.host.links = ['docker0'];
    await harness.connect();
    const checks = await check(harness);
    expect(Object.values(checks).map(({ check, state }) => [check, state])).toEqual(
      checkSchema.shape.check.options.map((name) => [name, 'good']),
    );
    expect(checks.names?.answer).toBe('kubernetes.default.svc is 10.96.0.1');
    expect(Object.values(checks).filter(({ said }) => said === null)).toEqual([]);
    harness.in('connected');
  });

  it('tell what can be told while off, and leave nothing', async () => {
    const harness = new CoreHarness();
    const checks = await check(harness);
    expect(checks.helper?.state).toBe('good');
    expect(checks['api-server']?.state).toBe('good');
    expect(checks.routes?.state).toBe('good');
    for (const name of ['connection', 'agent', 'tunnel', 'firewall', 'cluster-dns', 'endpoints', 'names']) {
      expect(checks[name]).toMatchObject({ state: 'not-checked', answer: expect.stringContaining('connect') });
    }
    harness.expectNothingLeft();
  });

  it('tell while off which ranges would be reached by other addresses, as a connect then does', async () => {
    const harness = new CoreHarness(({ host }) => {
      host.networks = [...host.networks, { prefix: '10.0.0.0/8', interface: 'tun0' }];
    });
    expect((await check(harness)).routes).toMatchObject({
      state: 'good',
      answer: expect.stringContaining('by other addresses'),
    });
    await harness.connect();
    expect(harness.in('connected').routes.map(({ decision }) => decision)).not.toContain('routed');
    await harness.off();
    harness.expectNothingLeft();
  });

  it('tell while off that no range may be routed, and which connect failed why', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.ranges = [{ prefix: '0.0.0.0/0', kind: 'pods', origin: 'node-pod-cidr' }];
    });
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    const checks = await check(harness);
    expect(checks.routes).toMatchObject({ state: 'bad', problem: { code: 'route-refused' } });
    expect(checks.connection).toMatchObject({ state: 'bad', problem: { code: 'route-refused' } });
  });

  it.each([
    ['interface', 'routes'],
    ['route', 'routes'],
    ['firewall', 'firewall'],
    ['resolver', 'cluster-dns'],
    ['service', 'endpoints'],
    ['pod', 'endpoints'],
  ] as const)('tell while connected what the reach check finds of %s', async (part, name) => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.host.reach.set(part, problem('route-taken', 'they leave by vpn0', { prefix: '10.96.0.0/16' }));
    const checks = await check(harness);
    expect(checks[name]).toMatchObject({ state: 'bad', problem: { code: 'route-taken' } });
    expect(Object.values(checks).filter(({ state }) => state !== 'good')).toHaveLength(1);
  });

  it('drop no problem of a step that is no check', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.host.routes = [];
    expect((await check(harness)).routes).toMatchObject({ state: 'bad', problem: { code: 'route-missing' } });
    harness.world.host.routes = ['10.96.0.0/16'];
    harness.world.cluster.refusals.set('10.96.0.1:443', problem('connection-silent', 'no answer'));
    expect((await check(harness)).endpoints).toMatchObject({ state: 'bad', problem: { code: 'connection-silent' } });
  });

  it('are no plain good where the user left Services out', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', { excludedRanges: ['10.96.40.0/21'] });
    expect((await check(harness, 'production')).routes).toMatchObject({
      state: 'warning',
      problem: { code: 'services-excluded' },
    });
    await harness.connect();
    expect((await check(harness)).routes).toMatchObject({ state: 'warning', problem: { code: 'services-excluded' } });
  });

  it('say what is wrong, each with its problem', async () => {
    const harness = new CoreHarness(({ host, cluster }) => {
      host.tunAvailable = false;
      cluster.missingRights = [problem('forbidden', 'denied', { verb: 'create', resource: 'jobs' }, 'kind: Role')];
      cluster.clockSkew = -600_000;
    });
    const checks = await check(harness);
    expect(checks.tun).toMatchObject({ state: 'bad', problem: { code: 'tun-unavailable' } });
    expect(checks.rights).toMatchObject({ state: 'bad', answer: 'missing: create jobs' });
    expect(checks.clock).toMatchObject({ state: 'bad', problem: { code: 'clock-wrong' } });
    harness.world.cluster.isReachable = false;
    harness.world.faults.plan('ensureHelper', problem('helper-missing', 'nobody to ask'));
    const worse = await check(harness);
    expect(worse.helper).toMatchObject({ state: 'bad', problem: { code: 'helper-missing' } });
    expect(worse['api-server']).toMatchObject({ state: 'bad', problem: { code: 'api-unreachable' } });
  });

  it('take pods/exec for needed, since the agent is sent through it', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      const missing = problem('forbidden', 'denied', { verb: 'get', resource: 'pods/exec' }, 'kind: Role');
      cluster.missingRights = [{ ...missing, severity: 'warning' }];
    });
    expect((await check(harness)).rights).toMatchObject({ state: 'bad', answer: 'missing: get pods/exec' });
  });

  it('see an agent that is gone', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('placeAgent', problem('agent-unschedulable', 'no node'), 99);
    harness.world.cluster.deleteAgents();
    await harness.clock.advance(200);
    const checks = await check(harness);
    expect(checks.agent).toMatchObject({ state: 'bad', problem: { code: 'agent-gone' } });
    expect(checks.tunnel).toMatchObject({ state: 'bad', problem: { code: 'tunnel-silent' } });
  });
});
