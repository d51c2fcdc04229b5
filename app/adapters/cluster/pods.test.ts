import { describe, expect, test } from 'vitest';
import type { PodList } from '../../core/ports.ts';
import { type Answer, forbidden, type Seen, watchAnswer } from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';

const closing = closedAfterEach();

let version = 100;
const pod = (name: string, namespace = 'shop', status: object = {}) => {
  version += 1;
  return {
    metadata: { name, namespace, resourceVersion: `${version}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: 'n1', containers: [{ name: 'app', image: 'x' }] },
    status: { phase: 'Running', podIP: '10.244.0.9', ...status },
  };
};
const list = (items: unknown[], more: object = {}): Answer => ({
  body: { metadata: { resourceVersion: '10', ...more }, items },
});
const open = async (route: (seen: Seen) => Answer | undefined) => {
  return openScene(closing, route, { namespace: 'home' });
};
const namesOf = (pods: PodList | undefined) => pods?.pods.map(({ namespace, name }) => `${namespace}/${name}`);
const isWatch = ({ query }: Seen) => query.get('watch') === 'true';

describe('listing pods', () => {
  test('reads page after page, in order, and leaves malformed ones out', async () => {
    const { server, cluster } = await open(({ query }) =>
      query.get('continue') === null
        ? list([pod('b'), { metadata: { name: 'no-spec', namespace: 'shop' } }], { continue: 'next' })
        : list([pod('a'), pod('z', 'apple')]),
    );
    const listed = await cluster.listPods([]);
    expect(listed.ok && namesOf(listed.value)).toEqual(['apple/z', 'shop/a', 'shop/b']);
    expect(server.requests.map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
      ['500', null],
      ['500', 'next'],
    ]);
  });

  test('looks into the home namespace where the cluster is refused, and names the right', async () => {
    const { cluster } = await open(({ path }) =>
      path === '/api/v1/pods' ? forbidden('list', 'pods') : list([pod('mine', 'home')]),
    );
    const listed = await cluster.listPods([]);
    const value = listed.ok ? listed.value : expect.fail(listed.problem.cause);
    expect(namesOf(value)).toEqual(['home/mine']);
    expect(value.problems).toMatchObject([{ code: 'forbidden', severity: 'warning' }]);
    expect(value.problems[0]?.fixes.find(({ kind }) => kind === 'copy')?.text).toContain('pods');
  });

  test('of named namespaces shows what may be seen of them', async () => {
    const { cluster } = await open(({ path }) =>
      path.includes('/open/') ? list([pod('seen', 'open')]) : forbidden('list', 'pods'),
    );
    const listed = await cluster.listPods(['open', 'closed']);
    expect(listed.ok && [namesOf(listed.value), listed.value.problems.length]).toEqual([['open/seen'], 1]);
  });

  test('has an end where a cluster has none', async () => {
    const { cluster } = await open(() => list([pod('again')], { continue: 'for-ever' }));
    const listed = await cluster.listPods([]);
    expect(listed).toMatchObject({ ok: true, value: { pods: [], problems: [{ code: 'answer-too-large' }] } });
  });
});

describe('watching pods', () => {
  test('tells what comes, changes and goes, and keeps what did not change', async () => {
    let send: ((type: string, object: unknown) => void) | undefined;
    const { cluster } = await open((seen) =>
      isWatch(seen)
        ? watchAnswer((opened) => {
            send = opened;
          })
        : list([pod('stays'), pod('goes')]),
    );
    const heard: PodList[] = [];
    cluster.watchPods((pods) => heard.push(pods));
    await expect.poll(() => namesOf(heard.at(-1)), { timeout: 5000 }).toEqual(['shop/goes', 'shop/stays']);
    await expect.poll(() => send, { timeout: 5000 }).toBeDefined();
    send?.('ADDED', pod('comes', 'apple', { phase: 'Pending', podIP: undefined }));
    send?.('DELETED', pod('goes'));
    send?.('MODIFIED', pod('stays')); // only its version differs
    send?.('BOOKMARK', { metadata: { resourceVersion: '900' } });
    await expect.poll(() => namesOf(heard.at(-1)), { timeout: 5000 }).toEqual(['apple/comes', 'shop/stays']);
    expect(heard.at(-1)?.pods[1]).toBe(heard[0]?.pods[1]);
    send?.('MODIFIED', pod('comes', 'apple'));
    await expect.poll(() => heard.at(-1)?.pods[0]?.addresses, { timeout: 5000 }).toEqual(['10.244.0.9']);
  });

  test('follows the home namespace where the cluster is refused, and tells nothing but the right where both are', async () => {
    const { cluster } = await open((seen) =>
      seen.path === '/api/v1/pods'
        ? forbidden('list', 'pods')
        : isWatch(seen)
          ? watchAnswer(() => {})
          : list([pod('mine', 'home')]),
    );
    const heard: PodList[] = [];
    cluster.watchPods((pods) => heard.push(pods));
    await expect.poll(() => namesOf(heard.at(-1)), { timeout: 5000 }).toEqual(['home/mine']);
    expect(heard.at(-1)?.problems.map(({ code }) => code)).toEqual(['forbidden']);
    const nothing = await open(() => forbidden('list', 'pods'));
    const other: PodList[] = [];
    nothing.cluster.watchPods((pods) => other.push(pods));
    await expect.poll(() => other.at(-1), { timeout: 5000 }).toMatchObject({ pods: [], problems: [{}] });
  });
});
