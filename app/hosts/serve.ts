/**
 * Serves the contract to one frontend over a byte stream: hello first, then calls and a watch. It checks form and
 * level of what comes in and never throws at the frontend; deciding is the core's.
 */
import type { Duplex } from 'node:stream';
import {
  type CommandName,
  commands,
  type Downward,
  type Level,
  problem,
  protocolNumber,
  type Result,
  type Snapshot,
  upwardSchema,
} from '../contract/index.ts';
import { openLines } from './lines.ts';

/** The core as hosts see it (app/core/app.ts makes one). */
export interface ServedCore {
  call(command: CommandName, input: unknown, level: Level): Promise<Result<unknown>>;
  watch(listener: (snapshot: Snapshot) => void): () => void;
}

/** Serves until the stream ends; `ended` hears it. */
export function serveLink(stream: Duplex, core: ServedCore, level: Level, build: string, ended: () => void): void {
  let greeted = false;
  let unwatch = () => {};
  const link = openLines(stream, receive, () => {
    unwatch();
    ended();
  });
  const send = (message: Downward) => link.send(message);
  send({ kind: 'hello', hello: { protocol: protocolNumber, build, role: 'core' } });

  function receive(document: unknown): void {
    const parsed = upwardSchema.safeParse(document);
    if (!parsed.success) {
      link.close();
      return;
    }
    const message = parsed.data;
    if (message.kind === 'hello') {
      greeted = message.hello.protocol === protocolNumber;
    }
    if (!greeted) {
      link.close(); // the frontend has our hello and says `core-version` itself
      return;
    }
    if (message.kind === 'watch') {
      unwatch();
      unwatch = core.watch((snapshot) => send({ kind: 'snapshot', snapshot }));
    } else if (message.kind === 'call') {
      void answer(message.id, message.command, message.input);
    }
  }

  async function answer(id: number, command: string, input: unknown): Promise<void> {
    let result: Result<unknown>;
    if (!Object.hasOwn(commands, command)) {
      result = { ok: false, problem: problem('message-malformed', `there is no command ${command.slice(0, 40)}`) };
    } else {
      try {
        result = await core.call(command as CommandName, input, level);
      } catch (error) {
        result = { ok: false, problem: problem('internal', error instanceof Error ? error.message : 'unknown error') };
      }
    }
    send({ kind: 'reply', id, ...result });
  }
}
