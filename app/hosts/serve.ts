/**
 * Serves the contract to one frontend: hello first, then calls, a watch and streams. It checks the form of what comes
 * in and never throws at the frontend; deciding is the core's. A frontend that reads slowly makes nothing pile up:
 * while its link is backed up streams pause, and of snapshots only the last one waits.
 */
import type { Duplex } from 'node:stream';
import {
  type Caller,
  type CommandName,
  commands,
  type Downward,
  type Problem,
  problem,
  protocolNumber,
  type Result,
  readDocument,
  type Snapshot,
  type StreamName,
  streams,
  upwardSchema,
} from '../contract/index.ts';
import { openLines } from './lines.ts';

/** Subscriptions that one link may have at a time. */
export const mostSubscriptions = 64;

/** The core as hosts see it (app/core/app.ts makes one). */
export interface ServedCore {
  /** The same for one frontend, of a caller with an environment of its own or not, until `gone` is aborted. */
  as(caller: Caller | null, gone: AbortSignal): Pick<ServedCore, 'call'>;
  call(command: CommandName, input: unknown): Promise<Result<unknown>>;
  watch(listener: (snapshot: Snapshot) => void): () => void;
  subscribe(
    stream: StreamName,
    input: unknown,
    listener: (item: unknown) => void,
    ended: (because: Problem | null) => void,
  ): ServedSubscription;
}

export interface ServedSubscription {
  end(): void;
  pause(): void;
  resume(): void;
}

/** Serves over a byte stream until it ends; `ended` hears it. */
export function serveLink(stream: Duplex, core: ServedCore, build: string, ended: () => void): void {
  let isGreeted = false;
  let isOver = false;
  const gone = new AbortController();
  let asked: Pick<ServedCore, 'call'> = core;
  let unwatch = () => {};
  let waiting: Snapshot | null = null;
  const subscriptions = new Map<number, ServedSubscription>();
  const link = openLines(
    stream,
    (line) => receive(readDocument(line)),
    () => {
      letGo();
      ended();
    },
    () => {
      if (waiting !== null) {
        const snapshot = waiting;
        waiting = null;
        send({ kind: 'snapshot', snapshot });
      }
      for (const subscription of subscriptions.values()) {
        subscription.resume();
      }
    },
  );
  send({ kind: 'hello', hello: { protocol: protocolNumber, build, role: 'core' } });

  function send(message: Downward): void {
    link.send(JSON.stringify(message));
    if (link.isBackedUp()) {
      for (const subscription of subscriptions.values()) {
        subscription.pause();
      }
    }
  }

  function letGo(): void {
    isOver = true;
    gone.abort();
    unwatch();
    for (const subscription of subscriptions.values()) {
      subscription.end();
    }
    subscriptions.clear();
  }

  /** What comes after a message that makes no sense makes none either, also where the other side goes on sending. */
  function hangUp(): void {
    letGo();
    link.close();
  }

  function receive(document: unknown): void {
    if (isOver) {
      return;
    }
    const parsed = upwardSchema.safeParse(document);
    if (!parsed.success) {
      hangUp();
      return;
    }
    const message = parsed.data;
    if (message.kind === 'hello') {
      isGreeted = message.hello.protocol === protocolNumber;
      asked = core.as(message.hello.caller ?? null, gone.signal);
    }
    if (!isGreeted) {
      hangUp(); // the frontend has our hello and says `core-version` itself
      return;
    }
    switch (message.kind) {
      case 'watch':
        unwatch();
        unwatch = core.watch(show);
        break;
      case 'call':
        void answer(message.id, message.command, message.input);
        break;
      case 'subscribe':
        subscribe(message.id, message.stream, message.input);
        break;
      case 'unsubscribe':
        subscriptions.get(message.id)?.end();
        subscriptions.delete(message.id);
        break;
    }
  }

  function show(snapshot: Snapshot): void {
    if (link.isBackedUp()) {
      waiting = snapshot;
    } else {
      send({ kind: 'snapshot', snapshot });
    }
  }

  function subscribe(id: number, stream: string, input: unknown): void {
    const refuse = (because: Problem) => send({ kind: 'streamEnded', id, problem: because });
    if (subscriptions.has(id)) {
      hangUp(); // their items could not be told apart
      return;
    }
    if (!Object.hasOwn(streams, stream)) {
      refuse(problem('message-malformed', `there is no stream ${stream.slice(0, 40)}`));
      return;
    }
    if (subscriptions.size >= mostSubscriptions) {
      refuse(problem('frontend-refused', `one link may have ${mostSubscriptions} subscriptions at a time`));
      return;
    }
    const subscription = core.subscribe(
      stream as StreamName,
      input,
      (item) => send({ kind: 'item', id, item }),
      (because) => {
        if (subscriptions.get(id) === subscription) {
          subscriptions.delete(id);
          send({ kind: 'streamEnded', id, problem: because });
        }
      },
    );
    subscriptions.set(id, subscription);
    if (link.isBackedUp()) {
      subscription.pause();
    }
  }

  async function answer(id: number, command: string, input: unknown): Promise<void> {
    let result: Result<unknown>;
    if (!Object.hasOwn(commands, command)) {
      result = { ok: false, problem: problem('message-malformed', `there is no command ${command.slice(0, 40)}`) };
    } else {
      try {
        result = await asked.call(command as CommandName, input);
      } catch (error) {
        result = { ok: false, problem: problem('internal', error instanceof Error ? error.message : 'unknown error') };
      }
    }
    if (!isOver) {
      send({ kind: 'reply', id, ...result });
    }
  }
}
