/**
 * The frontend's end of the contract's protocol, for every frontend and over anything that carries lines: a socket, the
 * preload's bridge, a WebSocket. Everything that comes in is checked against the contract before anybody hears it.
 */
import type { Caller } from './caller.ts';
import { cause } from './causes.ts';
import { type CommandName, type CommandOutput, commands } from './commands.ts';
import { type Problem, problem } from './problems.ts';
import type { Result } from './result.ts';
import type { Snapshot } from './state.ts';
import { type StreamName, streams } from './streams.ts';
import {
  type CoreLink,
  type Downward,
  downwardSchema,
  protocolNumber,
  readDocument,
  type Upward,
} from './transport.ts';

export interface Pipe {
  send(line: string): void;
  close(): void;
}
/** Opens a pipe. `onOpen` is heard when lines may be sent, `onClosed` once, also where it never opened. */
export type OpenPipe = (ends: { onOpen(): void; onLine(line: string): void; onClosed(because: string): void }) => Pipe;

export interface ClientEnds {
  /** The core said hello in our protocol; calls may be made from now on. */
  greeted(link: CoreLink, build: string): void;
  /**
   * Heard once, before calls and subscriptions hear the same. `core-version` where the core speaks another protocol; its
   * build is a fact of that. `why` is how the link itself ended.
   */
  ended(because: Problem, why: string): void;
}

interface Subscriber {
  readonly stream: StreamName;
  readonly listener: (item: never) => void;
  readonly ended: (because: Problem | null) => void;
}
interface Call {
  readonly command: CommandName;
  readonly settle: (result: Result<unknown>) => void;
}

/** Opens a pipe and says hello. Answers what ends it all, with why. */
export function openClient(
  openPipe: OpenPipe,
  own: { readonly role: string; readonly build: string; readonly caller?: Caller },
  ends: ClientEnds,
): (because: string) => void {
  const calls = new Map<number, Call>();
  const subscribers = new Map<number, Subscriber>();
  const listeners = new Set<(snapshot: Snapshot) => void>();
  let snapshot: Snapshot | null = null;
  let isWatching = false;
  let isGreeted = false;
  let over: Problem | null = null;
  let nextId = 1;
  let settleEnded: (because: string) => void = () => {};
  const ended = new Promise<string>((settle) => {
    settleEnded = settle;
  });
  let pipe: Pipe | null = null;
  pipe = openPipe({
    onOpen: () => send({ kind: 'hello', hello: { protocol: protocolNumber, ...own } }),
    onLine: (line) => {
      if (over === null) {
        receive(readDocument(line));
      }
    },
    onClosed: (why) => end(problem('core-unreachable', cause('coreLink', { reason: why })), why),
  });
  if (over !== null) {
    pipe.close();
  }

  function send(message: Upward): void {
    if (over === null) {
      pipe?.send(JSON.stringify(message));
    }
  }

  function end(because: Problem, why = because.cause): void {
    if (over !== null) {
      return;
    }
    over = because;
    pipe?.close();
    ends.ended(because, why);
    for (const { settle } of calls.values()) {
      settle({ ok: false, problem: because });
    }
    calls.clear();
    for (const subscriber of [...subscribers.values()]) {
      subscriber.ended(because);
    }
    subscribers.clear();
    settleEnded(why);
  }

  function receive(document: unknown): void {
    const parsed = downwardSchema.safeParse(document);
    if (!parsed.success) {
      refuse(document);
    } else if (parsed.data.kind === 'hello') {
      greet(parsed.data.hello);
    } else if (isGreeted) {
      hear(parsed.data);
    }
  }

  function greet({ protocol, build }: { protocol: number; build: string }): void {
    if (protocol !== protocolNumber) {
      end(
        problem('core-version', cause('helperProtocolProgram', { theirs: protocol, ours: protocolNumber }), { build }),
      );
    } else if (!isGreeted) {
      isGreeted = true;
      ends.greeted(link, build);
    }
  }

  /** What is no message: nobody waits for ever for what it may have answered. */
  function refuse(document: unknown): void {
    if (!isGreeted) {
      end(problem('core-unreachable', "the program that answers there is not Slipway's core"));
      return;
    }
    const { kind, id } = (document ?? {}) as { readonly kind?: unknown; readonly id?: unknown };
    if (kind === 'reply' && typeof id === 'number') {
      settle(id, () => ({ ok: false, problem: problem('message-malformed', 'an answer of the core') }));
    }
  }

  function hear(message: Exclude<Downward, { kind: 'hello' }>): void {
    switch (message.kind) {
      case 'snapshot':
        snapshot = message.snapshot;
        for (const listener of [...listeners]) {
          listener(message.snapshot);
        }
        break;
      case 'reply':
        settle(message.id, (command) => checkedReply(command, message));
        break;
      case 'item':
        deliver(message.id, message.item);
        break;
      case 'streamEnded': {
        const subscriber = subscribers.get(message.id);
        subscribers.delete(message.id);
        subscriber?.ended(message.problem);
        break;
      }
    }
  }

  function settle(id: number, resultOf: (command: CommandName) => Result<unknown>): void {
    const call = calls.get(id);
    calls.delete(id);
    call?.settle(resultOf(call.command));
  }

  function deliver(id: number, item: unknown): void {
    const subscriber = subscribers.get(id);
    if (subscriber === undefined) {
      return;
    }
    const parsed = streams[subscriber.stream].item.safeParse(item);
    if (parsed.success) {
      subscriber.listener(parsed.data as never);
    } else {
      // A hole in a stream of changes would be shown as the truth for as long as it runs.
      subscribers.delete(id);
      send({ kind: 'unsubscribe', id });
      subscriber.ended(problem('message-malformed', `an item of the stream ${subscriber.stream}`));
    }
  }

  const link: CoreLink = {
    call: (command, input) =>
      new Promise<Result<CommandOutput<typeof command>>>((resolve) => {
        if (over !== null) {
          resolve({ ok: false, problem: over });
          return;
        }
        const id = nextId++;
        calls.set(id, { command, settle: resolve as (result: Result<unknown>) => void });
        send({ kind: 'call', id, command, input });
      }),
    watch: (listener) => {
      listeners.add(listener);
      if (snapshot !== null) {
        listener(snapshot);
      } else if (!isWatching) {
        isWatching = true;
        send({ kind: 'watch' });
      }
      return () => listeners.delete(listener);
    },
    subscribe: (stream, input, listener, streamEnded) => {
      if (over !== null) {
        const because = over;
        void Promise.resolve().then(() => streamEnded(because)); // never before this returned
        return () => {};
      }
      const id = nextId++;
      subscribers.set(id, { stream, listener: listener as (item: never) => void, ended: streamEnded });
      send({ kind: 'subscribe', id, stream, input });
      return () => {
        if (subscribers.delete(id)) {
          send({ kind: 'unsubscribe', id });
        }
      };
    },
    ended,
    close: () => end(problem('core-unreachable', 'the link to the core was closed')),
  };
  return (because) => end(problem('core-unreachable', because));
}

function checkedReply(command: CommandName, reply: Extract<Downward, { kind: 'reply' }>): Result<unknown> {
  if (!reply.ok) {
    return { ok: false, problem: reply.problem ?? problem('message-malformed', 'a refusal without a problem') };
  }
  const parsed = commands[command].output.safeParse(reply.value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, problem: problem('message-malformed', `the answer to ${command}`) };
}
