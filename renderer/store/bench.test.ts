/** A measurement is begun by a word alone: no loss of the link, and no look at another cluster, begins another. */
import { expect, it } from 'vitest';
import type { BenchItem } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { createBench } from './bench.ts';

const context = { context: 'production', file: '/kubeconfig' };
const item: BenchItem = {
  ...{ state: 'measuring', step: 'requests', pathChanged: false, load: 0.5, processors: 4, problem: null },
  figures: {
    ...{ path: 'apiserver', request: null, connection: null, knownName: null, clusterName: null, transfers: [] },
  },
};

function started() {
  const host = memoryHost({});
  const bench = createBench(host.link, () => 7);
  const now = () => bench.store.getState();
  bench.start(context);
  return { host, bench, now };
}

it('shows what is said, and ends with it', async () => {
  const { host, now } = started();
  expect(now()).toMatchObject({ context, state: 'measuring', said: null });
  host.push('bench', item);
  expect(now().said).toEqual(item);
  host.push('bench', { ...item, state: 'done', step: null });
  await Promise.resolve();
  expect(now()).toMatchObject({ state: 'done', endedAt: 7 });
  expect(host.subscriptionsOf('bench')).toHaveLength(0);
});

it('ends where it is cancelled, and keeps what was known', () => {
  const { host, bench, now } = started();
  host.push('bench', item);
  bench.cancel();
  expect(now()).toMatchObject({ state: 'cancelled', said: item });
  expect(host.subscriptionsOf('bench')).toHaveLength(0);
  bench.cancel();
  expect(now().state).toBe('cancelled');
});

it('is not begun again by a link that comes back', () => {
  const { host, now } = started();
  host.setLink({ kind: 'lost', why: 'the core ended', since: 1, nextTryAt: null });
  expect(now()).toMatchObject({ state: 'failed', problem: { code: 'core-unreachable' } });
  expect(host.subscriptionsOf('bench')).toHaveLength(0);
  host.setLink({ kind: 'live', build: 'memory' });
  expect(host.subscriptionsOf('bench')).toHaveLength(0);
});

it('has one at a time', () => {
  const { host, bench, now } = started();
  bench.start({ ...context, context: 'staging' });
  expect(host.subscriptionsOf('bench')).toHaveLength(1);
  expect(now()).toMatchObject({ context: { context: 'staging' }, said: null });
});
