/** Pods: listed, streamed only while somebody looks, and tested by their address. */
import { describe, expect, it } from 'vitest';
import type { Problem, StreamItem } from '../../contract/index.ts';
import { healthyPod, troubledPods } from '../../fakes/believable-pods.ts';
import { CoreHarness } from './core-harness.ts';

function listen(harness: CoreHarness) {
  const items: StreamItem<'pods'>[] = [];
  const ends: (Problem | null)[] = [];
  const opened = harness.core.subscribe(
    'pods',
    { context: 'production' },
    (item) => items.push(item),
    (because) => ends.push(because),
  );
  return { items, ends, end: () => opened.end() };
}

describe('the stream of pods', () => {
  it('brings all, then what changed', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    await harness.connect();
    const { items } = listen(harness);
    await harness.clock.until(() => items.length > 0, 'the pods');
    expect(items[0]).toMatchObject({ kind: 'all', pods: [{ name: 'orders-0' }, { name: 'orders-1' }], problems: [] });
    const [first] = cluster.pods;
    cluster.pods = [...(first === undefined ? [] : [first]), healthyPod('webshop', 'cart-0', '10.244.0.44')];
    cluster.changed();
    await harness.clock.until(() => items.length > 1, 'the change');
    expect(items[1]).toMatchObject({
      kind: 'changes',
      changed: [{ name: 'cart-0' }],
      removed: [{ namespace: 'webshop', name: 'orders-1' }],
    });
  });

  it('asks the cluster only while somebody looks, and a while longer', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    await harness.connect();
    expect(cluster.podWatches).toBe(0);
    const one = listen(harness);
    const other = listen(harness);
    await harness.clock.advance(1000);
    expect(cluster.podWatches).toBe(1);
    one.end();
    one.end();
    await harness.clock.advance(60_000);
    expect(cluster.podWatches).toBe(1);
    other.end();
    await harness.clock.advance(10_000);
    expect(cluster.podWatches).toBe(1);
    const back = listen(harness);
    await harness.clock.advance(60_000);
    expect(cluster.podWatches).toBe(1);
    back.end();
    await harness.clock.advance(60_000);
    expect(cluster.podWatches).toBe(0);
  });

  it('goes on after the cluster was opened anew, and ends when it is switched off', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    await harness.connect();
    const { items, ends } = listen(harness);
    await harness.clock.until(() => items.length > 0, 'the pods');
    await harness.off();
    await harness.clock.until(() => ends.length > 0, 'the end');
    expect([ends, cluster.podWatches]).toEqual([[null], 0]);
    harness.expectNothingLeft();
  });

  it('says which right is missing', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    cluster.pods = [];
    cluster.podProblems = troubledProblem;
    await harness.connect();
    const { items } = listen(harness);
    await harness.clock.until(() => items.length > 0, 'the item');
    expect(items[0]).toMatchObject({ kind: 'all', pods: [], problems: [{ code: 'forbidden' }] });
  });
});

const troubledProblem: Problem[] = [
  { code: 'forbidden', severity: 'warning', title: 't', cause: 'c', said: null, fixes: [], facts: {} },
];

describe('pods by hand', () => {
  it('are listed of a cluster that is off and of one that is on, by namespace', async () => {
    const harness = new CoreHarness();
    harness.world.cluster.pods = [
      healthyPod('infra', 'redis-0', '10.244.0.7'),
      healthyPod('webshop', 'orders-0', '10.244.0.8'),
    ];
    const ask = (namespaces: string[]) => harness.call('listPods', { context: 'production', namespaces });
    for (const isOn of [false, true]) {
      if (isOn) {
        await harness.connect();
        listen(harness);
        await harness.clock.advance(1000);
      }
      expect(await ask([])).toMatchObject({ ok: true, value: { pods: [{ name: 'redis-0' }, { name: 'orders-0' }] } });
      expect(await ask(['webshop'])).toMatchObject({ ok: true, value: { pods: [{ name: 'orders-0' }] } });
    }
  });

  it('are tested by their address: what is not ready may answer', async () => {
    const harness = new CoreHarness();
    const { cluster } = harness.world;
    cluster.pods = [
      healthyPod('webshop', 'orders-0', '10.244.0.12'),
      { ...healthyPod('webshop', 'slow-0', '10.244.0.13'), health: 'starting', ready: 0 },
      ...troubledPods(0),
    ];
    const test = (pod: string, port = 8080) =>
      harness.call('testPod', { context: 'production', namespace: 'webshop', pod, port });
    expect(await test('orders-0')).toMatchObject({ ok: false, problem: { code: 'not-connected' } });
    await harness.connect();
    const stepsOf = async (pod: string, port?: number) => {
      const answer = await test(pod, port);
      return answer.ok ? answer.value.steps.map(({ step, state }) => `${step} ${state}`) : answer.problem.cause;
    };
    const good = ['route good', 'tunnel good', 'endpoint good', 'connection good'];
    expect(await stepsOf('orders-0')).toEqual([...good, 'http good']);
    expect(await stepsOf('orders-0', 5432)).toEqual([...good, 'http not-checked']);
    expect(await stepsOf('slow-0')).toContain('endpoint not-checked');
    expect(await stepsOf('slow-0')).toContain('connection good');
    expect(await stepsOf('search-reindex-0')).toBe('the pod has no address: it is Pending');
    expect(await stepsOf('nobody')).toBe('there is no pod of this name any more');
  });
});
