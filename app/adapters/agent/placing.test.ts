import { expect, test, vi } from 'vitest';
import { noAgentPodChoices } from '../../contract/index.ts';
import type { AgentPlaced } from '../../core/ports.ts';
import { type AgentNamespace, openAgentNamespace } from '../testing/agent-namespace.ts';
import { closedAfterEach } from '../testing/scene.ts';
import type { AgentRecords } from './records.ts';

const closing = closedAfterEach();

const never = new AbortController().signal;
const spec = { namespace: 'team', image: 'agent:1', baseImage: '', pod: noAgentPodChoices };
const soon = { timeout: 10_000, interval: 20 };

const namespace = (options: Parameters<typeof openAgentNamespace>[1] = {}) => openAgentNamespace(closing, options);

async function place(cluster: Awaited<ReturnType<AgentNamespace['connect']>>): Promise<AgentPlaced> {
  const placed = await cluster.placeAgent(spec, () => {}, never);
  return placed.ok ? placed.value : expect.fail(placed.problem.cause);
}

test('an agent that waits is used again by the next core, and its deadline moves on', async () => {
  const { jobs, connect, requests } = await namespace();
  const first = await connect();
  const placed = await place(first);
  first.close(); // the core was killed: nothing is deleted
  const again = await place(await connect());
  expect(placed.node).toBe('n1');
  expect(again).toEqual(placed);
  expect(requests('POST')).toHaveLength(1);
  await vi.waitFor(() => expect([...jobs.values()][0]?.deadline).toBeGreaterThan(600), soon);
});

test.each<[string, (scene: AgentNamespace) => void, string]>([
  ['belongs to another Job', (scene) => Object.assign(scene.state, { ownerUid: 'foreign' }), 'test'],
  [
    'has ended',
    (scene) => Object.assign(scene.state, { podState: { terminated: { exitCode: 0 } }, phase: 'Succeeded' }),
    'test',
  ],
  ['is of another build', () => {}, 'newer'],
])('a pod that %s is not used; what is left of ours is deleted', async (_, change, build) => {
  const scene = await namespace();
  await connectAndPlace(scene);
  change(scene);
  Object.assign(scene.state, { next: { ownerUid: '', podState: { running: {} }, phase: 'Running' } });
  const next = await scene.connect(build);
  expect(await next.placeAgent(spec, () => {}, never)).toMatchObject({ ok: true });
  await vi.waitFor(() => expect([...scene.jobs.values()].map(({ uid }) => uid)).toEqual(['uid-2']), soon);
});

async function connectAndPlace(scene: AgentNamespace): Promise<AgentPlaced> {
  const cluster = await scene.connect();
  const placed = await place(cluster);
  cluster.close();
  return placed;
}

test('deleting names the Job by its uid, so that a new one of the same name stays', async () => {
  const scene = await namespace();
  const cluster = await scene.connect();
  const placed = await place(cluster);
  const [name] = [...scene.jobs.keys()];
  scene.jobs.set(name ?? '', { uid: 'somebody-else', deadline: 1 });
  await cluster.deleteAgent(placed);
  expect(scene.jobs.get(name ?? '')?.uid).toBe('somebody-else');
  const sent = scene.requests('DELETE').at(-1);
  expect(JSON.parse(sent?.body ?? '{}')).toMatchObject({
    propagationPolicy: 'Background',
    preconditions: { uid: 'uid-1' },
  });
}, 30_000);

test('an agent that another connection of this core has is let alone: two contexts may lead to one cluster', async () => {
  const scene = await namespace();
  await connectAndPlace(scene); // so that there is a folder
  let shared: AgentRecords | undefined;
  const recordedBy = (records: AgentRecords) => {
    shared ??= records;
    return shared;
  };
  const [first, second] = [await scene.connect('test', recordedBy), await scene.connect('test', recordedBy)];
  const [one, other] = await Promise.all([place(first), place(second)]);
  expect(other.target.pod).not.toBe(one.target.pod);
  await second.deleteAgent(other);
  expect(await first.agentLives(one)).toEqual({ ok: true, value: true });
  first.close();
  expect(await place(await scene.connect('test', recordedBy)), 'it waits for the next').toEqual(one);
});

test('agents of one laptop have one name, to which a Role can be bound, one after the other', async () => {
  const scene = await namespace();
  const cluster = await scene.connect();
  const names: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const placed = await place(cluster);
    names.push(...scene.jobs.keys());
    await cluster.deleteAgent(placed);
  }
  expect(names[0]).toMatch(/^slipway-agent-[0-9a-f]{10}$/);
  expect(names).toEqual([names[0], names[0]]);
});

test('where somebody has that name, the agent gets one of its own', async () => {
  const scene = await namespace();
  const cluster = await scene.connect();
  await cluster.deleteAgent(await place(cluster));
  const { name } = JSON.parse(scene.requests('POST')[0]?.body ?? '{}').metadata;
  scene.jobs.set(name, { uid: 'somebody-else', deadline: 1 });
  const placed = await place(cluster);
  expect(placed.target.pod.startsWith(name)).toBe(false);
  expect(scene.jobs.get(name)?.uid).toBe('somebody-else');
});

test('the pod of an earlier Job of the same name is not taken for the new one’s', async () => {
  const scene = await namespace();
  Object.assign(scene.state, { ownerUid: 'earlier', podState: { terminated: { exitCode: 1 } }, phase: 'Failed' });
  const placing = (await scene.connect()).placeAgent(spec, () => {}, never);
  await vi.waitFor(() => expect(scene.requests('POST')).toHaveLength(1), soon);
  Object.assign(scene.state, { ownerUid: '', podState: { running: {} }, phase: 'Running' });
  expect(await placing).toMatchObject({ ok: true });
});

test('an abort while the pod starts deletes the Job; before it, makes none', async () => {
  const scene = await namespace();
  Object.assign(scene.state, { podState: { waiting: { reason: 'ContainerCreating' } }, phase: 'Pending' });
  const cluster = await scene.connect();
  const abort = new AbortController();
  const placing = cluster.placeAgent(spec, () => {}, abort.signal);
  await vi.waitFor(() => expect(scene.jobs.size).toBe(1), soon);
  abort.abort();
  expect(await placing).toMatchObject({ ok: false });
  expect(scene.jobs.size).toBe(0);
  expect(await cluster.placeAgent(spec, () => {}, abort.signal)).toMatchObject({ ok: false });
  expect(scene.requests('POST')).toHaveLength(1);
});

test('a pod that crashes is told with its own words, and its Job is deleted', async () => {
  const scene = await namespace();
  const terminated = { exitCode: 1, reason: 'Error', message: 'port taken' };
  Object.assign(scene.state, { podState: { terminated }, phase: 'Failed' });
  const placed = await (await scene.connect()).placeAgent(spec, () => {}, never);
  expect(placed).toMatchObject({
    ok: false,
    problem: { code: 'agent-crashed', cause: 'Error, exit code 1, port taken' },
  });
  expect(scene.jobs.size).toBe(0);
});

test('the deadline is renewed while the core lives, and no longer', async () => {
  const scene = await namespace({ times: { SLIPWAY_AGENT_IDLE_SECONDS: '3' } });
  const cluster = await scene.connect();
  await place(cluster);
  await vi.waitFor(() => expect(scene.requests('PATCH').length).toBeGreaterThan(2), soon);
  expect(scene.requests('PATCH')[0]?.headers['content-type']).toBe('application/merge-patch+json');
  cluster.close();
  const count = scene.requests('PATCH').length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(scene.requests('PATCH').length).toBeLessThanOrEqual(count + 1);
});
