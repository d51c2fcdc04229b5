import { describe, expect, it } from 'vitest';
import { type CommandInput, problem } from '../../contract/index.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { service } from '../../fakes/service.ts';
import { CoreHarness } from './core-harness.ts';
import { orders, tested } from './service-harness.ts';

const states = (steps: Awaited<ReturnType<typeof tested>>) => Object.values(steps).map(({ state }) => state);

describe('the test of a Service', () => {
  it('goes the whole way, and says what it found at each step', async () => {
    const harness = new CoreHarness();
    const { interface: tun } = await harness.connect();
    const steps = await tested(harness);
    expect(states(steps)).toEqual(['good', 'good', 'good', 'good', 'good', 'good']);
    expect(steps.name?.answer).toBe('orders.webshop.svc.cluster.local is 10.96.41.7');
    expect(steps.name?.said).toMatchObject({ id: 'nameIs', values: { address: '10.96.41.7' } });
    expect(steps.route).toMatchObject({ answer: tun, said: null });
    expect(steps.endpoint?.answer).toBe('2 of 2 ready');
    expect(steps.http?.answer).toBe('HTTP/1.1 200 OK');
    const [engine] = harness.world.engines.running;
    expect(engine?.received.at(-1)).toMatchObject({
      test: { host: '10.96.41.7', request: 'http', name: 'orders.webshop.svc.cluster.local' },
    });
  });

  it('tells a slow service from a slow tunnel by one connection, and so does the explanation', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.host.times = { laptop: 300, tunnel: 41_000, dial: 2000, service: 1_860_000 };
    const answer = await harness.call('testService', orders);
    expect(answer).toMatchObject({ ok: true, value: { times: { slow: 'service', tunnel: 41, service: 1860 } } });
    const explained = await harness.call('explain', { target: 'orders.webshop' });
    expect(explained).toMatchObject({ ok: true, value: { times: { slow: 'service' } } });
    harness.world.host.times = { laptop: 300, tunnel: 641_000, dial: 2000, service: 3000 };
    expect(await harness.call('testService', orders)).toMatchObject({ value: { times: { slow: 'tunnel' } } });
  });

  it('has times of the connection alone where the request fails or none is made, and none where it was refused', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.faults.plan('http', problem('connection-failed', 'EOF'));
    expect(await harness.call('testService', orders)).toMatchObject({
      value: { times: { service: null, dial: 0.821 } },
    });
    expect(await harness.call('explain', { target: '10.244.0.77:5432' })).toMatchObject({
      value: { times: { service: null } },
    });
    harness.world.cluster.refusals.set('10.96.41.7:80', problem('connection-refused', 'ECONNREFUSED'));
    expect(await harness.call('testService', orders)).toMatchObject({ value: { times: null } });
  });

  it('needs the connection, and says so', async () => {
    const harness = new CoreHarness();
    expect(await harness.call('testService', orders)).toMatchObject({ ok: false, problem: { code: 'not-connected' } });
  });

  it('tells a Service without a ready endpoint before it dials', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.services = [service('webshop', 'orders', '10.96.41.7', [])];
    });
    await harness.connect();
    const steps = await tested(harness);
    expect(steps.endpoint).toMatchObject({ state: 'bad', problem: { code: 'endpoints-missing' } });
    expect(states(steps)).toEqual(['good', 'good', 'good', 'bad', 'not-checked', 'not-checked']);
    const [engine] = harness.world.engines.running;
    expect(engine?.received.at(-1)).toMatchObject({ command: 'test', test: { host: '10.96.41.7', port: 0 } });
  });

  it.each([
    ['connection-refused', 'ECONNREFUSED'],
    ['connection-silent', 'no answer within 5s'],
  ] as const)('tells %s', async (code, cause) => {
    const harness = new CoreHarness();
    harness.world.cluster.refusals.set('10.96.41.7:80', problem(code, cause));
    await harness.connect();
    const steps = await tested(harness);
    expect(steps.connection).toMatchObject({ state: 'bad', problem: { code } });
    expect(steps.http?.state).toBe('not-checked');
  });

  it('tells that this computer takes the name for something else', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.resolverProbe.elsewhere.set('orders.webshop.svc.cluster.local', ['192.0.2.7']);
    const steps = await tested(harness);
    expect(steps.name).toMatchObject({ state: 'bad', problem: { code: 'name-elsewhere' } });
    expect(steps.name?.answer).toContain('192.0.2.7');
    expect(states(steps).slice(1)).toEqual(Array(5).fill('not-checked'));
  });

  it('goes by the other address of a mapped Service, and does not take it for somebody else', async () => {
    const harness = new CoreHarness(({ host }) => {
      host.networks = [...host.networks, { prefix: '10.96.41.0/24', interface: 'lan0' }];
    });
    await harness.connect();
    const steps = await tested(harness);
    expect(Object.values(steps).map(({ state }) => state)).not.toContain('bad');
    expect(steps.connection?.answer).toBe('198.19.0.7:80');
  });

  it('tells a name that nobody knows', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const steps = await tested(harness, { service: 'odrers' });
    expect(steps.name).toMatchObject({ state: 'bad', problem: { code: 'name-unknown' } });
  });

  it('tells a tunnel without an answer', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.cluster.isReachable = false;
    await harness.until('reconnecting');
    const steps = await tested(harness);
    expect(steps.tunnel).toMatchObject({ state: 'bad', problem: { code: 'tunnel-silent' } });
  });

  it('tells an address outside of what is routed', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.services = [service('webshop', 'orders', '172.30.0.9', ['10.244.0.5'])];
    });
    await harness.connect();
    expect((await tested(harness)).route).toMatchObject({ state: 'bad', problem: { code: 'route-missing' } });
  });

  it('goes by address where names are off', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', { resolverMode: 'off' });
    await harness.connect();
    const steps = await tested(harness);
    expect(states(steps)).toEqual(['not-checked', 'good', 'good', 'good', 'good', 'good']);
  });

  it('goes to a pod of a headless Service, and asks no HTTP of a database', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      const database = service('webshop', 'orders', '', ['10.244.0.12']);
      const port = { name: 'postgres', port: 80, protocol: 'TCP', targetPort: '5432', nodePort: null, application: '' };
      cluster.services = [{ ...database, headless: true, addresses: [], ports: [port] }];
    });
    await harness.connect();
    const steps = await tested(harness);
    expect(states(steps)).toEqual(['good', 'good', 'good', 'good', 'good', 'not-checked']);
    expect(steps.connection?.answer).toBe('10.244.0.12:80');
  });

  it('says of an alias that it leads outside', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      const alias = service('webshop', 'orders', '', []);
      cluster.services = [{ ...alias, type: 'ExternalName', addresses: [], externalName: 'soap.example.com' }];
    });
    await harness.connect();
    const steps = await tested(harness);
    expect(steps.route).toMatchObject({ state: 'not-checked' });
    expect(steps.route?.answer).toContain('soap.example.com');
  });
});

describe('the test of resolvers', () => {
  async function asked(harness: CoreHarness, input: CommandInput<'testResolvers'> = {}) {
    const answer = await harness.call('testResolvers', input);
    if (!answer.ok) {
      throw new Error(answer.problem.cause);
    }
    return answer.value.answers;
  }

  it('asks all three kinds for a name of the cluster and for an outside one', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const answers = await asked(harness);
    expect(answers.map(({ kind, question, answers: found }) => [kind, question.includes('svc'), found.length])).toEqual(
      [
        ['system', true, 1],
        ['slipway', true, 1],
        ['upstream', true, 0],
        ['system', false, 1],
        ['slipway', false, 1],
        ['upstream', false, 1],
      ],
    );
    expect(answers.map((answer) => answer.problem)).toEqual(Array(6).fill(null));
    expect(answers[3]?.question).toBe('kubernetes.example.org'); // the API server's own name, not a stranger's
  });

  it('tells a resolver that does not answer, and a system that asks somebody else', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    harness.world.resolverProbe.silent.add('192.168.1.1');
    harness.world.resolverProbe.elsewhere.set('orders.webshop.svc', ['192.0.2.7']);
    const answers = await asked(harness, { name: 'orders.webshop.svc' });
    expect(answers.map((answer) => [answer.kind, answer.problem?.code ?? ''])).toEqual([
      ['system', 'name-elsewhere'],
      ['slipway', ''],
      ['upstream', 'resolver-silent'],
    ]);
  });

  it('leaves a nameserver that is asked over TLS to the engine', async () => {
    const harness = new CoreHarness();
    harness.world.host.upstreams = [
      'tls://192.0.2.53#dns.example',
      'opportunistic-tls://192.0.2.54',
      '192.168.1.1:5353',
    ];
    await harness.connect();
    const answers = await asked(harness, { name: 'orders.webshop.svc' });
    const upstreams = answers.filter(({ kind }) => kind === 'upstream');
    expect(upstreams.map(({ resolver }) => resolver)).toEqual(['192.168.1.1:5353']);
  });

  it('asks only what there is while nothing is connected, and starts no helper for it', async () => {
    const harness = new CoreHarness();
    const answers = await asked(harness, { name: 'example.com' });
    expect(answers.map(({ kind }) => kind)).toEqual(['system']);
    expect(harness.world.host.helperRuns).toBe(false);
  });
});

describe('the proof after switching off', () => {
  async function proved(harness: CoreHarness) {
    const answer = await harness.call('proveOff', { context: 'production' });
    if (!answer.ok) {
      throw new Error(answer.problem.cause);
    }
    return Object.fromEntries(answer.value.proofs.map((proof) => [proof.proof, proof]));
  }

  it('finds nothing after a clean end, and tells agents of others apart', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    await harness.off();
    harness.world.cluster.agentsOfOthers = 2;
    const proofs = await proved(harness);
    expect(Object.values(proofs).map(({ state }) => state)).toEqual(['good', 'good', 'good', 'good', 'good']);
    expect(proofs.cluster?.answer).toContain('2 of someone else');
    expect(Object.values(proofs).filter(({ said }) => said === null)).toEqual([]);
    harness.expectNothingLeft();
  });

  it('shows each thing that was left', async () => {
    const harness = new CoreHarness();
    const { host, cluster } = harness.world;
    host.helperRuns = true;
    host.leftOver = 1;
    host.tun = 'slipway7';
    host.routes = ['10.96.0.0/16'];
    host.names = ['svc'];
    cluster.agents.set('slipway-agent-9', true);
    const proofs = await proved(harness);
    expect(Object.values(proofs).map(({ state, problem: because }) => [state, because?.code])).toEqual(
      Array(5).fill(['bad', 'left-behind']),
    );
    expect(proofs.cluster?.answer).toContain('slipway-agent-9');
  });

  it('does not call good what it could not look at, and starts no helper for it', async () => {
    const harness = new CoreHarness();
    harness.world.cluster.isReachable = false;
    const proofs = await proved(harness);
    expect(proofs.journal?.state).toBe('not-checked');
    expect(proofs.cluster).toMatchObject({ state: 'not-checked', problem: { code: 'api-unreachable' } });
    expect(harness.world.host.helperRuns).toBe(false);
  });

  it('proves nothing while the connection is on', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const proofs = await proved(harness);
    expect(Object.values(proofs).map(({ state }) => state)).toEqual(Array(5).fill('not-checked'));
  });
});

describe('checks of a context that nobody confirmed', () => {
  const request = { context: 'production', onlyConfirmed: true };
  const api = async (harness: CoreHarness) => {
    const answer = await harness.call('runChecks', request);
    return answer.ok ? answer.value.checks.find(({ check }) => check === 'api-server') : undefined;
  };

  it('ask its cluster nothing and send it nothing, where that was asked for', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster, store }) => {
      kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('cloud-login') })];
      store.kept.trusted = [plugin('cloud-login').digest];
    });
    expect(await api(harness)).toMatchObject({ problem: { code: 'context-unconfirmed' } });
    expect(harness.world.kubeconfig.pluginsRun).toEqual([]);
    const { file, digest } = harness.world.kubeconfig.contexts[0] ?? expect.fail();
    await harness.call('confirmContext', { context: 'production', file, digest });
    expect(await api(harness)).toMatchObject({ state: 'good' });
  });

  it('ask the one that is on', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    expect(await api(harness)).toMatchObject({ state: 'good' });
    await harness.off();
  });
});
