import { expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

async function choose(harness: CoreHarness, directPath: string, words: Record<string, string> = {}) {
  for (const [name, word] of [...Object.entries(words), ['directPath', directPath] as const]) {
    expect(
      await harness.call('changeSetting', { name, context: 'production', change: 'set', words: [word] }),
    ).toMatchObject({ ok: true });
  }
}

const told = (harness: CoreHarness) =>
  harness.world.engines.running[0]?.received.flatMap((command) =>
    command.command === 'direct' ? [command.direct.candidates.map(({ kind, host }) => `${kind} ${host}`)] : [],
  );
const path = (harness: CoreHarness) => harness.in('connected').path;

it('tries the pod’s own addresses by itself, says why they are no way, and asks the cluster for nothing', async () => {
  const harness = new CoreHarness();
  await harness.connect();
  await harness.clock.advance(200);
  expect(told(harness)).toEqual([['pod 10.244.0.77']]);
  expect(harness.in('connected')).toMatchObject({
    path: 'apiserver',
    degraded: [],
    pathReason: { chosen: 'pod', candidate: null, tried: [{ host: '10.244.0.77', outcome: 'inside-tunnel' }] },
  });
  expect([...harness.world.cluster.directServices]).toEqual([]);
  await harness.off();
  harness.expectNothingLeft();
});

it('takes the node’s port by the user’s word while it is on, and gives it back with that or with the connection', async () => {
  const harness = new CoreHarness();
  await harness.connect();
  await choose(harness, 'node-port');
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  expect([...harness.world.cluster.directServices]).toEqual(['slipway-agent-1']);
  expect(harness.in('connected').pathReason).toMatchObject({
    chosen: 'node-port',
    candidate: { kind: 'node', host: '10.1.2.3', port: 31_820 },
    roundTripMicroseconds: 400,
    mtu: 1400,
  });
  await choose(harness, 'pod');
  await harness.clock.until(() => path(harness) === 'apiserver', 'the API server’s path');
  expect([...harness.world.cluster.directServices]).toEqual([]);
  await choose(harness, 'node-port');
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  await harness.off();
  expect([...harness.world.cluster.directServices]).toEqual([]);
});

it.each(['off', 'pod'] as const)(
  'goes no way by the node once %s is chosen, also while the cluster does not answer, and takes the Service away when it does',
  async (chosen) => {
    const harness = new CoreHarness();
    await choose(harness, 'node-port');
    await harness.connect();
    await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
    harness.world.faults.plan('offerDirect', problem('api-unreachable', 'no route'));
    await choose(harness, chosen);
    await harness.clock.until(() => path(harness) === 'apiserver', 'the API server’s path');
    expect(told(harness)?.at(-1)).toEqual([]);
    await harness.clock.until(() => harness.world.cluster.directServices.size === 0, 'no Service', 70_000);
  },
);

it('warns of a Service that is refused, goes on through the API server, and has it once it is allowed', async () => {
  const harness = new CoreHarness(({ cluster }) => {
    cluster.directRefusal = problem('forbidden', 'no', { verb: 'create', resource: 'services', namespace: 'webshop' });
  });
  await choose(harness, 'node-port');
  await harness.connect();
  await harness.clock.advance(200);
  expect(harness.in('connected')).toMatchObject({
    path: 'apiserver',
    degraded: [{ code: 'forbidden', severity: 'warning', facts: { resource: 'services' } }],
  });
  harness.world.cluster.directRefusal = null;
  await choose(harness, 'pod');
  await choose(harness, 'node-port');
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  expect(harness.in('connected').degraded).toEqual([]);
});

it('says that a Service is there still where it may not be deleted, until it is, and goes no way through it', async () => {
  const harness = new CoreHarness();
  await choose(harness, 'node-port');
  await harness.connect();
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  harness.world.cluster.directRefusal = problem('forbidden', 'no', { verb: 'delete', resource: 'services' });
  await choose(harness, 'pod');
  await harness.clock.until(() => path(harness) === 'apiserver', 'the API server’s path');
  expect(told(harness)?.at(-1)).toEqual(['pod 10.244.0.77']);
  expect([...harness.world.cluster.directServices]).toEqual(['slipway-agent-1']);
  expect(harness.in('connected').degraded).toMatchObject([{ code: 'forbidden', facts: { verb: 'delete' } }]);
  harness.world.cluster.directRefusal = null;
  await harness.clock.until(() => harness.world.cluster.directServices.size === 0, 'no Service', 70_000);
  await harness.clock.until(() => harness.in('connected').degraded.length === 0, 'no warning');
});

it('offers the next agent’s places where the agent was replaced, and all of them to another engine', async () => {
  const harness = new CoreHarness();
  await choose(harness, 'node-port');
  await harness.connect();
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  harness.world.cluster.agentAddresses = ['10.244.1.5'];
  harness.world.cluster.deleteAgents();
  await harness.clock.until(() => harness.world.cluster.directServices.has('slipway-agent-2'), 'a Service', 60_000);
  await harness.clock.until(() => told(harness)?.at(-1)?.[0] === 'pod 10.244.1.5', 'the new places');
  harness.world.engines.running[0]?.kill();
  await harness.clock.until(() => harness.phase() === 'reconnecting', 'a loss');
  await harness.until('connected');
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  expect(told(harness)).toEqual([['pod 10.244.1.5', 'node 10.1.2.3']]);
});

it.each([
  ['node-port', 'direct', 'apiserver'],
  ['pod', 'apiserver', 'direct'],
] as const)('with %s it is %s also where the first lane after a loss came back by %s', async (chosen, taken, lane) => {
  const harness = new CoreHarness();
  await choose(harness, chosen);
  await harness.connect();
  await harness.clock.until(
    () => path(harness) === taken && harness.in('connected').pathReason !== undefined,
    'a word on the path',
  );
  const engine = harness.world.engines.running[0];
  engine?.say({
    event: 'tunnel',
    tunnel: { state: 'down', path: lane, because: { code: 'tunnel-silent', cause: '' } },
  });
  await harness.clock.until(() => harness.phase() === 'reconnecting', 'a loss');
  engine?.say({ event: 'tunnel', tunnel: { state: 'up', path: lane, roundTripMicroseconds: 900 } });
  await harness.until('connected');
  const { path: shown, pathReason } = harness.in('connected');
  expect([shown, pathReason?.candidate != null]).toEqual([taken, taken === 'direct']);
});

it('tries the place that the user names', async () => {
  const harness = new CoreHarness();
  await choose(harness, 'address', { directAddress: 'gate.example.org:31820' });
  await harness.connect();
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  expect(told(harness)).toEqual([['pod 10.244.0.77', 'setting gate.example.org']]);
  expect([...harness.world.cluster.directServices]).toEqual([]);
});

it.each([
  ['directPath', 'address', 'directAddress'],
  ['directPath', 'sideways', 'off, pod, node-port, address'],
  ['directAddress', 'gate', '10.1.2.3:31820'],
])('refuses %s %s with what is allowed', async (name, word, allowed) => {
  const harness = new CoreHarness();
  const answer = await harness.call('changeSetting', { name, context: 'production', change: 'set', words: [word] });
  expect(answer.ok ? '' : answer.problem.cause).toContain(allowed);
});

it('notes when the path changes, and what became of the one before', async () => {
  const harness = new CoreHarness();
  await choose(harness, 'node-port');
  await harness.connect();
  await harness.clock.until(() => path(harness) === 'direct', 'the direct path');
  harness.world.cluster.ways.set('10.1.2.3', 'silent');
  harness.world.cluster.changed();
  await harness.clock.until(() => path(harness) === 'apiserver', 'the API server’s path');
  const listed = await harness.call('listActivity', { limit: 100 });
  const notes = listed.ok ? listed.value.entries.filter(({ kind }) => kind === 'path-changed') : [];
  expect(notes.map(({ facts }) => facts)).toEqual([
    { path: 'direct', place: '10.1.2.3:31820', before: '', outcome: '' },
    { path: 'apiserver', place: '', before: '10.1.2.3:31820', outcome: 'lost' },
  ]);
});
