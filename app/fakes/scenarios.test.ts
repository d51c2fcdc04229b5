import { describe, expect, it } from 'vitest';
import { type Phase, serviceSchema } from '../contract/index.ts';
import { createCore } from '../core/app.ts';
import { believableServices } from './believable-services.ts';
import { hostileServices } from './crowd.ts';
import { ManualClock } from './manual-clock.ts';
import { createScene, readScenarios, type Scenario } from './scenarios.ts';

async function begin(names: Scenario[], contextName = 'test-frankfurt') {
  const clock = new ManualClock();
  const world = createScene(clock, names);
  const core = createCore(world.ports, 'fake-build', { random: () => 0.5 });
  const phase = (): Phase | 'none' => {
    let found: Phase | 'none' = 'none';
    core.watch(({ connections }) => {
      found = connections[0]?.phase ?? 'none';
    })();
    return found;
  };
  let code = '';
  void core.call('connect', { context: contextName }).then((answer) => {
    code = answer.ok ? '' : answer.problem.code;
  });
  const because = () => {
    core.watch(({ connections: [connection] }) => {
      code = connection?.phase === 'failed' || connection?.phase === 'reconnecting' ? connection.because.code : code;
    })();
    return code;
  };
  return { clock, world, core, phase, because };
}

describe('scenarios', () => {
  it.each<[Scenario, string]>([
    ['forbidden', 'forbidden'],
    ['unauthorized', 'unauthorized'],
    ['helper-missing', 'helper-missing'],
    ['helper-old', 'helper-version'],
    ['helper-refused', 'helper-refused'],
    ['agent-crash', 'agent-crashed'],
    ['agent-image', 'agent-image-unpullable'],
    ['offline', 'api-unreachable'],
    ['conflict-all', 'route-refused'],
    ['no-tun', 'tun-unavailable'],
  ])('%s ends in failed with %s', async (name, code) => {
    const { clock, phase, because } = await begin(['fast', name]);
    await clock.until(() => phase() === 'failed', name);
    expect(because()).toBe(code);
  });

  it('lets the others connect, and gone loses it for good', async () => {
    const { clock, phase, because } = await begin(['gone']);
    await clock.until(() => phase() === 'connected', 'connected');
    await clock.until(() => phase() === 'reconnecting', 'gone');
    await clock.advance(60_000);
    expect([phase(), because()]).toEqual(['reconnecting', 'api-unreachable']);
  });

  it('flaky comes back', async () => {
    const { clock, phase } = await begin(['flaky', 'fast']);
    for (const wanted of ['connected', 'reconnecting', 'connected', 'reconnecting'] as const) {
      await clock.until(() => phase() === wanted, wanted);
    }
  });

  it('refuses dev-shared for want of a Role, and the broken reference for what it is', async () => {
    const shared = await begin(['fast'], 'dev-shared');
    await shared.clock.until(() => shared.phase() === 'failed', 'failed');
    expect(shared.because()).toBe('forbidden');
    const broken = await begin(['fast'], 'old-cluster');
    await broken.clock.until(() => broken.because() !== '', 'an answer');
    expect(broken.because()).toBe('kubeconfig-unreadable');
  });

  it('connected is on without being asked', async () => {
    const clock = new ManualClock();
    const world = createScene(clock, ['connected', 'conflict-extra']);
    const core = createCore(world.ports, 'fake-build');
    let degraded: string[] | null = null;
    core.watch(({ connections: [connection] }) => {
      degraded = connection?.phase === 'connected' ? connection.degraded.map(({ code }) => code) : null;
    });
    await clock.until(() => degraded !== null, 'connected');
    expect(degraded).toEqual(['route-refused']);
  });

  it('are read by comma, and an unknown one is told with those there are', () => {
    expect(readScenarios(' slow, first-run,')).toEqual({ ok: true, value: ['slow', 'first-run'] });
    expect(readScenarios('')).toEqual({ ok: true, value: [] });
    expect(readScenarios('slow,sunny')).toMatchObject({ ok: false, problem: { code: 'usage' } });
  });
});

describe('believable Services', () => {
  const key = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

  it('have every kind that a list has to show, each once', () => {
    const services = believableServices(Date.now());
    expect(services.length).toBeGreaterThan(140);
    expect(new Set(services.map(key)).size).toBe(services.length);
    expect(new Set(services.map(({ type }) => type))).toEqual(
      new Set(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']),
    );
    expect(services.some(({ headless }) => headless)).toBe(true);
    const addresses = services.flatMap((service) => service.addresses);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const service of services) {
      expect(serviceSchema.parse(service)).toEqual(service);
    }
  });

  it('are as many as asked for, or as hostile as an API server could be', () => {
    const many = believableServices(Date.now(), 10_000);
    expect(new Set(many.map(key)).size).toBe(10_000);
    expect(new Set(hostileServices().map(key)).size).toBe(200);
  });
});
