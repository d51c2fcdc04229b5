/**
 * A HostLink over anything that carries one JSON document at a time: the preload's bridge or a WebSocket. It says hello,
 * checks what comes in against the contract, and connects again with growing pauses.
 */
import {
  type CommandName,
  commands,
  downwardSchema,
  problem,
  protocolNumber,
  type Result,
  type Snapshot,
  type StreamName,
  streams,
  type Upward,
} from '../../app/contract/index.ts';
import type { HostLink, LinkState } from './host.ts';

export interface Pipe {
  send(line: string): void;
  close(): void;
}
/** Opens a pipe; `onClosed` is heard once, also where it never opened. `onOpen` is heard when lines may be sent. */
export type OpenPipe = (listeners: {
  onOpen: () => void;
  onLine: (line: string) => void;
  onClosed: (why: string) => void;
}) => Pipe;

/** Pauses before the next try, in milliseconds; the last one repeats. */
const pauses = [250, 500, 1000, 2000, 5000];
/** A core that is there says hello at once. */
const helloDeadline = 10_000;

interface Subscription {
  readonly stream: StreamName;
  readonly input: unknown;
  readonly listener: (item: never) => void;
  readonly ended: (because: Parameters<Parameters<HostLink['subscribe']>[3]>[0]) => void;
}

export function lineLink(openPipe: OpenPipe, build = 'window'): HostLink {
  let state: LinkState = { kind: 'connecting' };
  let pipe: Pipe | null = null;
  let attempt = 0;
  let lostSince: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nextId = 1;
  let snapshot: Snapshot | null = null;
  const stateListeners = new Set<(state: LinkState) => void>();
  const snapshotListeners = new Set<(snapshot: Snapshot) => void>();
  const calls = new Map<number, { command: CommandName; settle: (result: Result<unknown>) => void }>();
  const subscriptions = new Map<number, Subscription>();

  const become = (next: LinkState) => {
    state = next;
    for (const listener of [...stateListeners]) {
      listener(next);
    }
  };
  const send = (message: Upward) => pipe?.send(JSON.stringify(message));

  function lose(why: string): void {
    clearTimeout(timer);
    pipe = null;
    snapshot = null;
    const unanswered = [...calls.values()];
    calls.clear();
    for (const { settle } of unanswered) {
      settle({ ok: false, problem: problem('core-unreachable', why) });
    }
    if (state.kind === 'other-version') {
      return;
    }
    const pause = pauses[Math.min(attempt, pauses.length - 1)] ?? 5000;
    attempt += 1;
    lostSince ??= Date.now();
    timer = setTimeout(open, pause);
    become({ kind: 'lost', why, since: lostSince, nextTryAt: Date.now() + pause });
  }

  function open(): void {
    clearTimeout(timer);
    let isOver = false;
    const own = openPipe({
      onOpen: () => {
        send({ kind: 'hello', hello: { protocol: protocolNumber, build, role: 'window' } });
      },
      onLine: (line) => {
        if (!isOver) {
          receive(line);
        }
      },
      onClosed: (why) => {
        if (!isOver) {
          isOver = true;
          lose(why);
        }
      },
    });
    pipe = own;
    timer = setTimeout(() => {
      if (!isOver && state.kind !== 'live') {
        isOver = true;
        own.close();
        lose('the core did not say hello');
      }
    }, helloDeadline);
  }

  function greet(protocol: number, coreBuild: string): void {
    clearTimeout(timer);
    if (protocol !== protocolNumber) {
      become({ kind: 'other-version', build: coreBuild });
      pipe?.close();
      return;
    }
    attempt = 0;
    lostSince = null;
    send({ kind: 'watch' });
    for (const [id, { stream, input }] of subscriptions) {
      send({ kind: 'subscribe', id, stream, input });
    }
    become({ kind: 'live', build: coreBuild });
  }

  function receive(line: string): void {
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch {
      return;
    }
    const parsed = downwardSchema.safeParse(document);
    if (!parsed.success) {
      return;
    }
    const message = parsed.data;
    switch (message.kind) {
      case 'hello':
        greet(message.hello.protocol, message.hello.build);
        break;
      case 'snapshot':
        snapshot = message.snapshot;
        for (const listener of [...snapshotListeners]) {
          listener(message.snapshot);
        }
        break;
      case 'reply': {
        const call = calls.get(message.id);
        calls.delete(message.id);
        call?.settle(checkedReply(call.command, message));
        break;
      }
      case 'item':
        deliver(message.id, message.item);
        break;
      case 'streamEnded': {
        const subscription = subscriptions.get(message.id);
        subscriptions.delete(message.id);
        subscription?.ended(message.problem);
        break;
      }
    }
  }

  function deliver(id: number, item: unknown): void {
    const subscription = subscriptions.get(id);
    if (subscription === undefined) {
      return;
    }
    // Ten thousand Services checked field by field would hold a frame up; the hello settled that both sides agree.
    if (subscription.stream === 'services') {
      subscription.listener(item as never);
      return;
    }
    const parsed = streams[subscription.stream].item.safeParse(item);
    if (parsed.success) {
      subscription.listener(parsed.data as never);
    }
  }

  open();
  return {
    call: (command, input) =>
      new Promise((resolve) => {
        if (state.kind !== 'live') {
          const why = state.kind === 'lost' ? state.why : 'not connected yet';
          resolve({ ok: false, problem: problem('core-unreachable', why) });
          return;
        }
        const id = nextId++;
        calls.set(id, { command, settle: resolve as (result: Result<unknown>) => void });
        send({ kind: 'call', id, command, input });
      }),
    watch: (listener) => {
      snapshotListeners.add(listener);
      if (snapshot !== null) {
        listener(snapshot);
      }
      return () => snapshotListeners.delete(listener);
    },
    subscribe: (stream, input, listener, ended) => {
      const id = nextId++;
      subscriptions.set(id, { stream, input, listener: listener as (item: never) => void, ended });
      if (state.kind === 'live') {
        send({ kind: 'subscribe', id, stream, input });
      }
      return () => {
        if (subscriptions.delete(id) && state.kind === 'live') {
          send({ kind: 'unsubscribe', id });
        }
      };
    },
    watchState: (listener) => {
      stateListeners.add(listener);
      listener(state);
      return () => stateListeners.delete(listener);
    },
    retryNow: () => {
      if (state.kind === 'lost' && pipe === null) {
        open();
      }
    },
  };
}

function checkedReply(
  command: CommandName,
  reply: { ok: boolean; value?: unknown; problem?: ReturnType<typeof problem> | undefined },
): Result<unknown> {
  if (!reply.ok) {
    return { ok: false, problem: reply.problem ?? problem('message-malformed', 'a refusal without a problem') };
  }
  // See deliver(): the one answer that may hold thousands of rows.
  if (command === 'listServices') {
    return { ok: true, value: reply.value };
  }
  const parsed = commands[command].output.safeParse(reply.value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, problem: problem('message-malformed', `the answer to ${command}`) };
}
