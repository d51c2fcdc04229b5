import { describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { success } from '../../contract/index.ts';
import type { Pod } from '../cluster/api-objects.ts';
import { output, startExecServer, status, type Talk } from '../testing/exec-server.ts';
import { closedAfterEach } from '../testing/scene.ts';
import { senderOf } from './sending.ts';

const closing = closedAfterEach();
const never = new AbortController().signal;
const soon = { timeout: 10_000, interval: 10 };
const binary = { plain: Buffer.alloc(3000, 'a'), packed: Buffer.from('packed'), sha256: 'sum' };
const source = { namespace: 'team', image: 'busybox', contained: false };
const pod: Pod = { metadata: { name: 'agent-1' }, spec: { nodeName: 'n1', containers: [] } };

/** What the node says while the container is not there (kubelet's GetExec). */
const notThere: Talk = (socket) =>
  socket.send(status({ status: 'Failure', message: 'unable to upgrade connection: container not found ("agent")' }));

/** The script that takes what is sent. */
const takes: Talk = (socket) => {
  let taken = 0;
  socket.send(output('packed x86_64\n'));
  socket.on('message', (message: Buffer) => {
    taken += message.length - 1;
    if (taken >= binary.packed.length + 'sum 3000 6\n'.length) {
      socket.send(output('sent\n'));
      socket.send(status({ status: 'Success' }));
    }
  });
};

/** A pod whose tries to run something are answered one after the other; the last answer is every later one's. */
async function inTurn(answers: readonly Talk[], refuse: number | string = 0) {
  let turn = 0;
  const answer: Talk = (socket: WebSocket, command) => {
    const talk = answers[Math.min(turn, answers.length - 1)];
    turn += 1;
    talk?.(socket, command);
  };
  const server = await startExecServer(closing, answer, refuse);
  const sender = senderOf(server.connection, '', source, async () => success(binary));
  return { ...server, sender, turns: () => turn };
}

describe('the agent is sent as soon as its container is there, before the pod is said to run', () => {
  test('tries until it is, and says so at once', async () => {
    const { sender, turns } = await inTurn([notThere, notThere, takes]);
    const early = sender.early(never);
    early.begin(pod);
    early.begin(pod);
    await vi.waitFor(() => expect(early.done.aborted).toBe(true), soon);
    expect(await early.end(false)).toMatchObject({ pod, sent: { ok: true } });
    expect(turns(), 'no try beside another, and none after').toBe(3);
  });

  test('one under way when the pod is said to run goes on to its end', async () => {
    let goOn = () => {};
    const late: Talk = (socket, command) => {
      goOn = () => takes(socket, command);
    };
    const { sender, turns } = await inTurn([late]);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(turns()).toBe(1), soon);
    const ending = early.end(false);
    goOn();
    expect(await ending).not.toBeNull();
  });

  test('of a pod that is lost only what came to its end counts', async () => {
    let goOn = () => {};
    const late: Talk = (socket, command) => {
      goOn = () => takes(socket, command);
    };
    const { sender, turns } = await inTurn([late]);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(turns()).toBe(1), soon);
    const ending = early.end(true);
    goOn();
    expect(await ending).toBeNull();

    const other = await inTurn([takes]);
    const sent = other.sender.early(never);
    sent.begin(pod);
    await vi.waitFor(() => expect(sent.done.aborted).toBe(true), soon);
    expect(await sent.end(true)).toMatchObject({ sent: { ok: true } });
  });

  test.each<[string, readonly Talk[], number | string]>([
    ['nothing was there yet', [notThere], 0],
    ['nothing answers', [() => {}], 0],
    ['this account may not', [], 403],
    ['a gateway lets no WebSocket through', [], 502],
    ['the way breaks', [(socket) => socket.terminate()], 0],
  ])('and is left to the usual way where %s', async (_, answers, refuse) => {
    const { sender, seen } = await inTurn(answers, refuse);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), soon);
    expect(await early.end(false)).toBeNull();
    expect(early.done.aborted).toBe(false);
  });

  test('what the program in the pod says counts: it is not asked again', async () => {
    const { sender, turns } = await inTurn([notThere, (socket) => socket.send(output('packed s390x\n'))]);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(early.done.aborted).toBe(true), soon);
    const before = await early.end(false);
    expect(before?.sent).toMatchObject({ ok: false, problem: { code: 'agent-processor' } });
    expect(await sender.send(pod, never, before?.sent)).toEqual(before?.sent);
    expect(turns()).toBe(2);
  });

  test('is not tried again where nobody may, and the usual way tells it', async () => {
    const { sender, seen } = await inTurn([], 403);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(seen).toHaveLength(1), soon);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen).toHaveLength(1);
    expect(await early.end(false)).toBeNull();
    expect(await sender.send(pod, never)).toMatchObject({ ok: false, problem: { code: 'forbidden' } });
  });

  test('tries that found nothing do not turn the usual way to another form', async () => {
    const { sender, turns } = await inTurn([(socket) => socket.terminate(), takes]);
    const early = sender.early(never);
    early.begin(pod);
    await vi.waitFor(() => expect(turns()).toBe(1), soon);
    const first = await early.end(false);
    expect(first?.sent ?? (await sender.send(pod, never))).toMatchObject({ ok: true });
    expect(turns(), 'by WebSocket again').toBe(2);
  });

  test('nothing begins after an end, and an abort ends the tries', async () => {
    const { sender, seen } = await inTurn([notThere]);
    const early = sender.early(never);
    expect(await early.end(false)).toBeNull();
    const abort = new AbortController();
    const aborted = sender.early(abort.signal);
    aborted.begin(pod);
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), soon);
    abort.abort();
    expect(await aborted.end(false)).toBeNull();
    const { length } = seen;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(seen.length).toBe(length);
  });
});
