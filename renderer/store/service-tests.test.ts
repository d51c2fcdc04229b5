import { describe, expect, it } from 'vitest';
import { problem, success, type TestStep } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { sampleServices } from '../preview/samples.ts';
import { createListedServices } from './listed-services.ts';
import { createServiceTests, testTarget } from './service-tests.ts';

const context = { context: 'test-frankfurt', file: '/k' };
const orders = { namespace: 'webshop', name: 'orders' };
const step: TestStep = { step: 'name', state: 'good', answer: '', said: null, milliseconds: 1, problem: null };

describe('tests of Services', () => {
  it('run once at a time, and keep what they found by Service and port', async () => {
    let calls = 0;
    const { link } = memoryHost({
      answers: {
        testService: () => {
          calls += 1;
          return success({ steps: [step], times: null });
        },
      },
    });
    const { store, run } = createServiceTests(link, () => 7);
    const first = run(context, orders, 80);
    await run(context, orders, 80);
    await first;
    expect(calls).toBe(1);
    expect(store.getState().byTarget[testTarget(context, orders, 80)]).toEqual({
      state: 'done',
      steps: [step],
      times: null,
      problem: null,
      at: 7,
    });
    expect(store.getState().byTarget[testTarget(context, orders, 9090)]).toBeUndefined();
  });

  it('say why nothing could be tested', async () => {
    const { link } = memoryHost({
      answers: { testService: () => ({ ok: false, problem: problem('not-connected', '', { context: 'x' }) }) },
    });
    const { store, run } = createServiceTests(link);
    await run(context, orders, 80);
    expect(store.getState().byTarget[testTarget(context, orders, 80)]?.problem?.code).toBe('not-connected');
  });
});

describe('a list of a cluster that is off', () => {
  it('keeps its rows while it is asked again, and shows none of another context', async () => {
    const { link } = memoryHost({
      answers: { listServices: () => success({ services: [...sampleServices], problems: [] }) },
    });
    const { store, list } = createListedServices(link);
    await list(context);
    expect(store.getState()).toMatchObject({ state: 'present', context });
    const again = list(context);
    expect(store.getState().rows).toHaveLength(sampleServices.length);
    await again;
    const other = list({ context: 'staging-eu', file: '/k' });
    expect(store.getState()).toMatchObject({ state: 'loading', rows: [] });
    await other;
  });

  it('takes no answer to an earlier question about another context', async () => {
    const waiting: (() => void)[] = [];
    const { link } = memoryHost({
      answers: {
        listServices: ({ context: asked }) =>
          new Promise((resolve) => {
            const services = asked === 'slow' ? [...sampleServices] : [];
            waiting.push(() => resolve(success({ services, problems: [] })));
          }),
      },
    });
    const { store, list } = createListedServices(link);
    const slow = list({ context: 'slow', file: '' });
    const fast = list({ context: 'fast', file: '' });
    await Promise.resolve();
    waiting[1]?.();
    await fast;
    waiting[0]?.();
    await slow;
    expect(store.getState()).toMatchObject({ context: { context: 'fast' }, state: 'present', rows: [] });
  });

  it('says why there is none', async () => {
    const { link } = memoryHost({
      answers: { listServices: () => ({ ok: false, problem: problem('unauthorized', '401') }) },
    });
    const { store, list } = createListedServices(link);
    await list(context);
    expect(store.getState()).toMatchObject({ state: 'failed', because: { code: 'unauthorized' } });
  });
});
