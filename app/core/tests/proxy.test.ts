/** A connection by a proxy: no helper, nothing of the laptop changed, and told as what it is. */
import { describe, expect, it } from 'vitest';
import { connectionSchema } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

const withoutHelper = () =>
  new CoreHarness(({ host }) => {
    host.helperRuns = false;
    host.tunAvailable = false;
    // Whatever the laptop has collides with nothing: no route is set.
    host.networks = [...host.networks, { prefix: '10.96.0.0/12', interface: 'tun0' }];
  });

const sent = (harness: CoreHarness, name: string) =>
  harness.world.engines.running.flatMap(({ received }) => received.filter(({ command }) => command === name));

describe('a connection by a proxy', () => {
  it('needs no helper, changes nothing, and says so', async () => {
    const harness = withoutHelper();
    const connection = await harness.connect({ proxy: true });
    expect(connectionSchema.parse(connection)).toEqual(connection);
    expect(connection).toMatchObject({
      proxy: { port: 1080, knowsUsers: true },
      interface: '',
      names: { mode: 'proxy' },
      degraded: [],
    });
    expect(connection.routes.every(({ decision }) => decision === 'routed')).toBe(true);
    expect(harness.world.host.isUntouched()).toBe(true);
    expect(harness.world.host.helperRuns).toBe(false);
    expect(sent(harness, 'prepare')).toMatchObject([{ prepare: { withProxy: true, helperSocket: '' } }]);
    expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
    harness.expectNothingLeft();
  });

  it('tells what lets programs in to whoever asks, and keeps it out of what is pushed', async () => {
    const harness = withoutHelper();
    expect(await harness.call('getProxy', {})).toMatchObject({ ok: false, problem: { code: 'not-connected' } });
    await harness.connect({ proxy: true });
    const answer = await harness.call('getProxy', {});
    expect(answer).toMatchObject({
      ok: true,
      value: {
        port: 1080,
        username: 'slipway',
        pacUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1080\/\w+\/proxy\.pac$/),
      },
    });
    const secrets = answer.ok ? [answer.value.password, answer.value.pacUrl.split('/')[3] ?? ''] : [];
    const told = JSON.stringify(await harness.call('getSnapshot', {}));
    const activity = JSON.stringify(await harness.call('listActivity', {}));
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      expect(told + activity + JSON.stringify(harness.world.log.lines)).not.toContain(secret);
    }
  });

  it('says where no proxy is needed', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    expect(await harness.call('getProxy', {})).toMatchObject({
      ok: false,
      problem: { cause: 'it is connected for all programs of this computer, and no proxy is needed' },
    });
    const again = await harness.call('connect', { context: 'production', proxy: true });
    expect(again).toMatchObject({ ok: false, problem: { code: 'connection-differs', facts: { options: '--proxy' } } });
  });

  it('comes back with the same port when its engine dies', async () => {
    const harness = withoutHelper();
    await harness.connect({ proxy: true });
    harness.world.engines.running[0]?.kill();
    await harness.until('reconnecting');
    expect(harness.in('reconnecting')).toMatchObject({ proxy: { port: 1080 }, hostKept: false });
    await harness.until('connected');
    expect(harness.in('connected')).toMatchObject({ proxy: { port: 1080 } });
    expect(sent(harness, 'connect')).toMatchObject([{ connect: { proxy: { port: 1080 }, names: true } }]);
    await harness.off();
    harness.expectNothingLeft();
  });

  it('is wanted again after the core died', async () => {
    const harness = withoutHelper();
    await harness.connect({ proxy: true });
    await harness.killCore();
    harness.startCore();
    await harness.until('connected');
    expect(harness.in('connected').proxy).toBeDefined();
    expect(harness.world.host.isUntouched()).toBe(true);
  });

  it('explains a name by what the proxy answers, and checks nothing that it does not need', async () => {
    const harness = withoutHelper();
    await harness.connect({ proxy: true });
    const explained = await harness.call('explain', { target: 'orders.webshop:80', context: 'production' });
    expect(explained).toMatchObject({ ok: true, value: { verdict: { result: 'reached', problem: null } } });
    const steps = explained.ok ? explained.value.steps : [];
    expect(steps.some(({ answer }) => answer.startsWith('the proxy answers with'))).toBe(true);
    const checked = await harness.call('runChecks', { context: 'production' });
    const checks = checked.ok ? checked.value.checks : [];
    expect(checks.filter(({ state }) => state === 'bad')).toEqual([]);
    expect(checks.find(({ check }) => check === 'helper')).toMatchObject({ state: 'not-checked' });
  });

  it('tests a Service by its address, for the laptop asks nobody of its name', async () => {
    const harness = withoutHelper();
    await harness.connect({ proxy: true });
    const [service] = harness.world.cluster.services;
    const answer = await harness.call('testService', {
      context: 'production',
      namespace: service?.namespace ?? '',
      service: service?.name ?? '',
      port: service?.ports[0]?.port ?? 0,
    });
    expect(answer).toMatchObject({ ok: true });
    const steps = answer.ok ? answer.value.steps : [];
    expect(steps.find(({ step }) => step === 'name')).toMatchObject({ state: 'not-checked' });
    expect(steps.find(({ step }) => step === 'connection')).toMatchObject({ state: 'good' });
  });

  it('stands beside one with the helper, and neither takes the other’s names', async () => {
    const harness = new CoreHarness();
    await harness.connect({ proxy: true });
    expect(await harness.call('connect', { context: 'staging' })).toMatchObject({ ok: true });
    const modes = async () => {
      const answer = await harness.call('getSnapshot', {});
      return answer.ok ? answer.value.connections.map((one) => ('names' in one ? one.names.mode : one.phase)) : [];
    };
    for (let round = 0; round < 200 && (await modes())[1] !== 'resolv-conf'; round += 1) {
      await harness.clock.advance(100);
    }
    expect(await modes()).toEqual(['proxy', 'resolv-conf']);
    expect(harness.world.host.routes).toContain('10.96.0.0/16');
    expect(await harness.call('preferNames', { context: 'production' })).toMatchObject({
      ok: false,
      problem: { cause: 'programs come to it by a proxy, which always knows its names' },
    });
    await harness.call('disconnect', { context: 'production' });
    expect(harness.world.host.names).not.toEqual([]);
    await harness.off();
    harness.expectNothingLeft();
  });
});
