import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type Caller,
  type CoreLink,
  type Downward,
  type Problem,
  problem,
  protocolNumber,
  type Snapshot,
} from '../contract/index.ts';
import { attach } from './attach.ts';
import { openLines } from './lines.ts';
import { mostSubscriptions, type ServedCore, serveLink } from './serve.ts';

interface Subscribed {
  readonly stream: string;
  readonly input: unknown;
  readonly say: (item: unknown) => void;
  readonly finish: (because: Problem | null) => void;
  state: 'flowing' | 'paused' | 'ended';
}

class FakeCore implements ServedCore {
  readonly callers: (Caller | null)[] = [];
  gone: AbortSignal | null = null;
  as(caller: Caller | null, gone: AbortSignal) {
    this.callers.push(caller);
    this.gone = gone;
    return this;
  }

  readonly subscribed: Subscribed[] = [];
  show: (snapshot: Snapshot) => void = () => {};

  async call(command: string) {
    return { ok: true as const, value: command };
  }

  watch(listener: (snapshot: Snapshot) => void): () => void {
    this.show = listener;
    return () => {
      this.show = () => {};
    };
  }

  subscribe(...[stream, input, say, finish]: Parameters<ServedCore['subscribe']>) {
    const one: Subscribed = { stream, input, say, finish, state: 'flowing' };
    this.subscribed.push(one);
    const become = (state: Subscribed['state']) => () => {
      one.state = one.state === 'ended' ? 'ended' : state;
    };
    return { end: become('ended'), pause: become('paused'), resume: become('flowing') };
  }
}

const snapshotOf = (revision: number): Snapshot => ({
  revision,
  build: 'b'.repeat(1000),
  processId: 1,
  wanted: [],
  connections: [],
  helper: { state: 'unknown' },
  contextsRevision: 0,
  settingsRevision: 0,
  work: [],
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** A frontend that says what it likes, over a duplex in memory. */
function raw(core: ServedCore) {
  const [ours, theirs] = duplexPair();
  const heard: Downward[] = [];
  let isOver = false;
  serveLink(theirs, core, 'build', () => {});
  const lines = openLines(
    ours,
    (line) => heard.push(JSON.parse(line) as Downward),
    () => {
      isOver = true;
    },
  );
  closing.push(() => lines.close());
  const link = { send: (message: unknown) => lines.send(JSON.stringify(message)) };
  link.send({ kind: 'hello', hello: { protocol: protocolNumber, build: 'build', role: 'test' } });
  return { ours, link, heard, isOver: () => isOver };
}

/** A core behind a socket, and a link to it as frontends have it. */
async function attached(core: ServedCore): Promise<{ link: CoreLink; sockets: Socket[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-serve-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    serveLink(socket, core, 'build', () => {});
  }).listen(join(folder, 'core.sock'));
  await once(server, 'listening');
  closing.push(() => server.close());
  const answer = await attach(join(folder, 'core.sock'), 'test', 'build');
  if ('kind' in answer) {
    throw new Error('not attached');
  }
  closing.push(() => answer.link.close());
  return { link: answer.link, sockets };
}

test('items reach the subscriber that they are for, until it ends', async () => {
  const someServices = { kind: 'all', services: [], problems: [] };
  const someActivity = { entries: [] };
  const core = new FakeCore();
  const { link } = await attached(core);
  const services: unknown[] = [];
  const activity: unknown[] = [];
  const ends: unknown[] = [];
  const endServices = link.subscribe(
    'services',
    { context: 'a' },
    (item) => services.push(item),
    (why) => ends.push(why),
  );
  link.subscribe(
    'activity',
    {},
    (item) => activity.push(item),
    (why) => ends.push(why),
  );
  await vi.waitFor(() =>
    expect(core.subscribed).toMatchObject([
      { stream: 'services', input: { context: 'a' } },
      { stream: 'activity', input: {} },
    ]),
  );
  core.subscribed[0]?.say(someServices);
  core.subscribed[1]?.say(someActivity);
  await vi.waitFor(() => expect([services, activity]).toEqual([[someServices], [someActivity]]));
  endServices();
  await vi.waitFor(() => expect(core.subscribed[0]?.state).toBe('ended'));
  core.subscribed[1]?.finish(null);
  await vi.waitFor(() => expect(ends).toEqual([null]));
  core.subscribed[1]?.finish(problem('internal', 'twice'));
  core.subscribed[1]?.say(someActivity);
  await link.call('getSnapshot', {});
  expect(ends).toEqual([null]);
  expect(activity).toEqual([someActivity]);
});

test('a link that ends ends its streams on both sides, and says so once', async () => {
  const core = new FakeCore();
  const { link, sockets } = await attached(core);
  const ends: (Problem | null)[] = [];
  link.subscribe(
    'activity',
    {},
    () => {},
    (why) => ends.push(why),
  );
  await vi.waitFor(() => expect(core.subscribed.length).toBe(1));
  sockets[0]?.destroy();
  await link.ended;
  expect(ends).toMatchObject([{ code: 'core-unreachable' }]);
  await vi.waitFor(() => expect(core.subscribed[0]?.state).toBe('ended'));
  link.subscribe(
    'activity',
    {},
    () => {},
    (why) => ends.push(why),
  );
  await vi.waitFor(() => expect(ends).toMatchObject([{ code: 'core-unreachable' }, { code: 'core-unreachable' }]));
});

test('an unknown stream and one too many are refused, and the link lives', async () => {
  const core = new FakeCore();
  const { link, heard, isOver } = raw(core);
  link.send({ kind: 'subscribe', id: 1, stream: 'toString', input: {} });
  await vi.waitFor(() =>
    expect(heard.at(-1)).toMatchObject({ kind: 'streamEnded', id: 1, problem: { code: 'message-malformed' } }),
  );
  for (let id = 2; id < mostSubscriptions + 3; id += 1) {
    link.send({ kind: 'subscribe', id, stream: 'activity', input: {} });
  }
  await vi.waitFor(() =>
    expect(heard.at(-1)).toMatchObject({ kind: 'streamEnded', problem: { code: 'frontend-refused' } }),
  );
  expect(core.subscribed.length).toBe(mostSubscriptions);
  link.send({ kind: 'unsubscribe', id: 2 });
  link.send({ kind: 'unsubscribe', id: 9999 });
  link.send({ kind: 'subscribe', id: 500, stream: 'activity', input: {} });
  await vi.waitFor(() => expect(core.subscribed.length).toBe(mostSubscriptions + 1));
  expect(isOver()).toBe(false);
});

test.each([
  { kind: 'subscribe', id: 0, stream: 'activity', input: {} },
  { kind: 'subscribe', id: 'x', stream: 'activity', input: {} },
  { kind: 'subscribe', id: 1 },
  { kind: 'unsubscribe' },
])('%j ends the link', async (message) => {
  const { link, isOver } = raw(new FakeCore());
  link.send(message);
  await vi.waitFor(() => expect(isOver()).toBe(true));
});

test('two subscriptions of one id end the link', async () => {
  const { link, isOver } = raw(new FakeCore());
  link.send({ kind: 'subscribe', id: 1, stream: 'activity', input: {} });
  link.send({ kind: 'subscribe', id: 1, stream: 'activity', input: {} });
  await vi.waitFor(() => expect(isOver()).toBe(true));
});

test('nothing is subscribed before the hello of this protocol', async () => {
  const core = new FakeCore();
  const [ours, theirs] = duplexPair();
  let isOver = false;
  serveLink(theirs, core, 'build', () => {});
  const link = openLines(
    ours,
    () => {},
    () => {
      isOver = true;
    },
  );
  link.send(JSON.stringify({ kind: 'subscribe', id: 1, stream: 'activity', input: {} }));
  await vi.waitFor(() => expect(isOver).toBe(true));
  expect(core.subscribed).toEqual([]);
});

test('a reader that stops reading pauses its streams and waits for one snapshot, the last', async () => {
  const core = new FakeCore();
  const { ours, link, heard } = raw(core);
  link.send({ kind: 'watch' });
  link.send({ kind: 'subscribe', id: 1, stream: 'services', input: {} });
  await vi.waitFor(() => expect(core.subscribed.length).toBe(1));
  ours.pause();
  for (let number = 0; core.subscribed[0]?.state === 'flowing' && number < 10_000; number += 1) {
    core.subscribed[0].say({ number, text: 'x'.repeat(1000) });
  }
  expect(core.subscribed[0]?.state).toBe('paused');
  for (let revision = 1; revision <= 1000; revision += 1) {
    core.show(snapshotOf(revision));
  }
  link.send({ kind: 'subscribe', id: 2, stream: 'services', input: {} });
  await vi.waitFor(() => expect(core.subscribed[1]?.state).toBe('paused'));
  ours.resume();
  await vi.waitFor(() => expect(core.subscribed.map(({ state }) => state)).toEqual(['flowing', 'flowing']));
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ kind: 'snapshot', snapshot: { revision: 1000 } }));
  expect(heard.filter(({ kind }) => kind === 'snapshot').length).toBeLessThan(50);
});

test('a core hears when the frontend that asked it has gone', async () => {
  const core = new FakeCore();
  const { link } = await attached(core);
  await link.call('listContexts', {});
  expect(core.gone?.aborted).toBe(false);
  link.close();
  await vi.waitFor(() => expect(core.gone?.aborted).toBe(true));
});
