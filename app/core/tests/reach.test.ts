/** What does not get there is told while the connection is on, by itself, and goes by itself. */
import { describe, expect, it } from 'vitest';
import { cause, problem } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

const taken = problem('route-taken', 'packets to 10.96.0.1 leave by vpn0', {
  prefix: '10.96.0.0/16',
  interface: 'vpn0',
});
const silent = problem('cluster-dns-silent', cause('noAnswerWithin', { time: '2 s' }));

const codes = (harness: CoreHarness) => harness.in('connected').degraded.map(({ code }) => code);

async function connected(prepare: (harness: CoreHarness) => void = () => {}): Promise<CoreHarness> {
  const harness = new CoreHarness();
  prepare(harness);
  await harness.connect();
  await harness.clock.advance(200);
  return harness;
}

describe('the reach check', () => {
  it.each(['interface', 'route', 'firewall', 'resolver', 'service', 'pod'] as const)(
    'tells a failed %s at once and forgets it when it passes, before the connect and after it',
    async (check) => {
      const harness = await connected(({ world }) => world.host.reach.set(check, taken));
      expect(codes(harness)).toEqual(['route-taken']);
      harness.world.host.reach.set(check, null);
      await harness.clock.advance(200);
      expect(codes(harness)).toEqual([]);
      harness.world.host.reach.set(check, taken);
      await harness.clock.advance(200);
      expect(harness.in('connected').degraded).toMatchObject([
        { code: 'route-taken', severity: 'error', facts: { interface: 'vpn0' } },
      ]);
    },
  );

  it('dials pods of the agent’s node by themselves, also of the node of the agent that replaces a lost one', async () => {
    const harness = await connected();
    const { cluster, engines } = harness.world;
    const dialled = () => {
      const sent = engines.running[0]?.received.flatMap((one) => (one.command === 'reach' ? [one.reach] : []));
      return { pods: sent?.at(-1)?.pods, local: sent?.at(-1)?.localPods };
    };
    expect(dialled()).toEqual({ pods: ['10.244.1.9:8080'], local: ['10.244.0.12:8080'] });
    cluster.agentNode = 'node-1';
    cluster.deleteAgents();
    await harness.until('reconnecting');
    await harness.until('connected');
    expect(cluster.timesPlaced).toBe(2);
    expect(dialled()).toEqual({ pods: ['10.244.0.12:8080'], local: ['10.244.1.9:8080'] });
  });

  it('is not known before the first verdict', async () => {
    const harness = await connected();
    expect(harness.in('connected').checkedAt).not.toBeNull();
  });

  it('says what comes and goes over and over once, until it has been well for a while', async () => {
    const harness = await connected();
    const { reach } = harness.world.host;
    for (let times = 0; times < 6; times += 1) {
      reach.set('route', taken);
      await harness.clock.advance(2000);
      reach.set('route', null);
      await harness.clock.advance(2000);
      if (times >= 2) {
        expect(codes(harness)).toEqual(['route-taken']);
      }
    }
    await harness.clock.advance(20_000);
    expect(codes(harness)).toEqual([]);
    const activity = await harness.call('listActivity', {});
    const told = activity.ok ? activity.value.entries.filter(({ kind }) => kind.startsWith('warning-')) : [];
    expect(told.map(({ kind }) => kind)).toEqual(
      ['appeared', 'went', 'appeared', 'went', 'appeared', 'went'].map((what) => `warning-${what}`),
    );
  });

  it.each([
    [
      'the policies that select the agent',
      ['default-deny', 'only-web'],
      '^restricted by NetworkPolicy default-deny, only-web: ',
    ],
    ['that there is none', [], 'no NetworkPolicy of its namespace'],
    ['that they cannot be read', null, 'cannot be read with these rights'],
  ])('names %s where the cluster answers the agent nothing', async (_, policies, words) => {
    const harness = await connected(({ world }) => {
      world.cluster.policies = policies;
      world.host.reach.set('resolver', silent);
    });
    const [told] = harness.in('connected').degraded;
    expect(told?.cause).toContain('no answer within 2 s');
    expect(told?.cause).toMatch(new RegExp(words, 'i'));
    expect(told).toMatchObject({ title: expect.stringContaining('namespace webshop') });
  });

  it('takes an interface that somebody deleted for what it is, and comes back by itself', async () => {
    const harness = await connected();
    const lost = { code: 'interface-lost', cause: 'the network interface was removed' };
    harness.world.engines.running[0]?.say({
      event: 'failed',
      failed: { during: 'verify', problem: lost, leftOver: 0 },
    });
    expect(harness.in('reconnecting').because).toMatchObject({ code: 'interface-lost' });
    await harness.until('connected');
    expect(harness.world.cluster.timesPlaced).toBe(1);
  });

  it('is why a connect ends where names get no answer, with the namespace that it is about', async () => {
    const harness = new CoreHarness();
    harness.world.faults.plan('verify', silent);
    await harness.call('connect', { context: 'production' });
    await harness.until('failed');
    const { because } = harness.in('failed');
    expect(because.title).toContain('namespace webshop');
    expect(because.fixes.map(({ text }) => text).join('\n')).toContain(
      'kubectl --context production --namespace webshop',
    );
    harness.expectNothingLeft();
  });

  it('is forgotten with the engine that told it', async () => {
    const harness = await connected(({ world }) => world.host.reach.set('route', taken));
    harness.world.host.reach.set('route', null);
    harness.world.engines.running[0]?.kill();
    await harness.until('reconnecting');
    await harness.until('connected');
    await harness.clock.advance(200);
    expect(codes(harness)).toEqual([]);
  });
});

describe('a connect for what is on', () => {
  it('checks it, and connects nothing anew', async () => {
    const harness = await connected();
    const [engine] = harness.world.engines.running;
    const again = await harness.call('connect', { context: 'production' });
    expect(again).toMatchObject({ ok: true, value: { already: true } });
    expect(engine?.received.at(-1)).toMatchObject({ command: 'checkReach' });
    expect(harness.world.cluster.timesPlaced).toBe(1);
  });

  it.each([
    ['agent namespace', { agentNamespace: 'infra' }, '--agent-namespace infra'],
    ['agent image', { agentImage: 'registry.example.org/agent:1' }, '--agent-image registry.example.org/agent:1'],
    ['base image', { baseImage: 'alpine:3' }, '--base-image alpine:3'],
    [
      'two of them',
      { agentNamespace: 'infra', baseImage: 'alpine:3' },
      '--agent-namespace infra --base-image alpine:3',
    ],
  ])('refuses another %s and says how it can be had', async (_, asked, options) => {
    const harness = await connected();
    const refused = await harness.call('connect', { context: 'production', ...asked });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'connection-differs' } });
    const commands = refused.ok ? [] : refused.problem.fixes.filter(({ kind }) => kind === 'command');
    expect(commands.map(({ text }) => text)).toEqual(['slipway disconnect', `slipway connect production ${options}`]);
    expect(harness.phase()).toBe('connected');
  });

  it('takes what is in force already for no difference', async () => {
    const harness = await connected();
    const { agent } = harness.in('connected');
    const same = { context: 'production', agentNamespace: agent.namespace, baseImage: agent.image };
    expect(await harness.call('connect', same)).toMatchObject({ ok: true, value: { already: true } });
  });

  it('moves home live, and refuses a namespace that does not exist', async () => {
    const harness = await connected();
    expect(await harness.call('connect', { context: 'production', homeNamespace: 'nowhere' })).toMatchObject({
      ok: false,
      problem: { code: 'namespace-missing', facts: { namespace: 'nowhere' } },
    });
    expect(harness.in('connected').homeNamespace).toBe('webshop');
    await harness.call('connect', { context: 'production', homeNamespace: 'infra' });
    expect(harness.in('connected').homeNamespace).toBe('infra');
  });

  it.each([
    ['com', 'public suffix'],
    ['other.example.org', 'cluster.local'],
  ])('refuses to let it answer for %s', async (domain, why) => {
    const harness = await connected();
    const refused = await harness.call('connect', { context: 'production', answersFor: domain });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'answers-for-refused' } });
    expect(refused.ok ? '' : refused.problem.cause).toContain(domain === 'com' ? 'cluster.local' : why);
  });

  it('refuses a public suffix before the first connect, too, and keeps nothing', async () => {
    const harness = new CoreHarness();
    const refused = await harness.call('connect', { context: 'production', answersFor: 'com' });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'answers-for-refused' } });
    expect(await harness.call('getSettings', {})).toMatchObject({ ok: true, value: { contexts: [] } });
    expect(harness.phase()).toBe('none');
  });
});

describe('what the user left out', () => {
  it('stays told: Services there are not reached', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', { excludedRanges: ['10.96.0.0/16', '10.244.1.0/24'] });
    await harness.connect();
    expect(harness.in('connected').degraded).toMatchObject([
      { code: 'services-excluded', severity: 'warning', facts: { prefix: '10.96.0.0/16' } },
      { code: 'pods-excluded', severity: 'info', facts: { prefix: '10.244.1.0/24' } },
    ]);
  });

  it('is what the test of a Service names, not a range to add', async () => {
    const harness = new CoreHarness();
    await harness.call('changeSettings', { excludedRanges: ['10.96.0.0/16'] });
    await harness.connect();
    const target = { context: 'production', namespace: 'webshop', service: 'orders', port: 80 };
    const tested = await harness.call('testService', target);
    const step = tested.ok ? tested.value.steps.find(({ state }) => state === 'bad') : undefined;
    expect(step).toMatchObject({
      step: 'route',
      problem: { code: 'services-excluded', facts: { prefix: '10.96.0.0/16' } },
    });
  });
});
