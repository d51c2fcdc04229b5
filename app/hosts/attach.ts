/** Attaches to a running core over its control socket: the frontend's end of serve.ts. */
import { connect as connectSocket } from 'node:net';
import {
  type CommandName,
  type CommandOutput,
  type CoreLink,
  downwardSchema,
  type Problem,
  problem,
  protocolNumber,
  type Result,
  type Snapshot,
  type StreamInput,
  type StreamItem,
  type StreamName,
  type Upward,
} from '../contract/index.ts';
import { openLines } from './lines.ts';

/** Why no core could be attached: none is there, or one of another protocol. */
export type AttachFailure = { readonly kind: 'absent' } | { readonly kind: 'problem'; readonly problem: Problem };

interface Subscriber {
  readonly listener: (item: never) => void;
  readonly ended: (because: Problem | null) => void;
}

/** Connects and exchanges hellos; gives up after five seconds. */
export function attach(
  socketPath: string,
  role: string,
  build: string,
): Promise<{ link: CoreLink; build: string } | AttachFailure> {
  return new Promise((resolve) => {
    const socket = connectSocket(socketPath);
    const deadline = setTimeout(() => {
      socket.destroy();
      resolve({ kind: 'problem', problem: problem('core-unreachable', 'no hello within 5 seconds') });
    }, 5000);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      resolve(absent ? { kind: 'absent' } : { kind: 'problem', problem: problem('core-unreachable', error.message) });
    });
    socket.once('connect', () => {
      const waiting = new Map<number, (result: Result<never>) => void>();
      const listeners = new Set<(snapshot: Snapshot) => void>();
      const subscribers = new Map<number, Subscriber>();
      let last: Snapshot | undefined;
      let isOver = false;
      let nextId = 1;
      let greeted = false;
      let settleEnded: (because: string) => void = () => {};
      const ended = new Promise<string>((settle) => {
        settleEnded = settle;
      });
      const lines = openLines(socket, receive, (because) => {
        clearTimeout(deadline);
        const gone = problem('core-unreachable', `the link to the core ended: ${because}`);
        for (const settle of waiting.values()) {
          settle({ ok: false, problem: gone });
        }
        waiting.clear();
        isOver = true;
        for (const subscriber of subscribers.values()) {
          subscriber.ended(gone);
        }
        subscribers.clear();
        resolve({ kind: 'problem', problem: gone });
        settleEnded(because);
      });
      const send = (message: Upward) => lines.send(message);
      send({ kind: 'hello', hello: { protocol: protocolNumber, build, role } });

      function receive(document: unknown): void {
        const parsed = downwardSchema.safeParse(document);
        if (!parsed.success) {
          lines.close();
          return;
        }
        const message = parsed.data;
        if (message.kind === 'hello') {
          clearTimeout(deadline);
          if (message.hello.protocol !== protocolNumber) {
            const cause = `it speaks protocol ${message.hello.protocol}, this program ${protocolNumber}`;
            resolve({ kind: 'problem', problem: problem('core-version', cause) });
            lines.close();
            return;
          }
          greeted = true;
          resolve({ link, build: message.hello.build });
        } else if (greeted && message.kind === 'snapshot') {
          last = message.snapshot;
          for (const listener of listeners) {
            listener(message.snapshot);
          }
        } else if (greeted && message.kind === 'reply') {
          const settle = waiting.get(message.id);
          waiting.delete(message.id);
          settle?.(
            message.ok
              ? { ok: true, value: message.value as never }
              : { ok: false, problem: message.problem ?? problem('message-malformed', 'a refusal without a problem') },
          );
        } else if (greeted && message.kind === 'item') {
          subscribers.get(message.id)?.listener(message.item as never);
        } else if (greeted && message.kind === 'streamEnded') {
          const subscriber = subscribers.get(message.id);
          subscribers.delete(message.id);
          subscriber?.ended(message.problem);
        }
      }

      const link: CoreLink = {
        call: <Name extends CommandName>(command: Name, input: unknown) =>
          new Promise<Result<CommandOutput<Name>>>((settle) => {
            const id = nextId++;
            waiting.set(id, settle as (result: Result<never>) => void);
            send({ kind: 'call', id, command, input });
          }),
        watch: (listener) => {
          listeners.add(listener);
          if (last === undefined) {
            send({ kind: 'watch' });
          } else {
            listener(last);
          }
          return () => listeners.delete(listener);
        },
        subscribe: <Name extends StreamName>(
          stream: Name,
          input: StreamInput<Name>,
          listener: (item: StreamItem<Name>) => void,
          streamEnded: (because: Problem | null) => void,
        ) => {
          const id = nextId++;
          if (isOver) {
            queueMicrotask(() => streamEnded(problem('core-unreachable', 'the link to the core has ended')));
            return () => {};
          }
          subscribers.set(id, { listener, ended: streamEnded });
          send({ kind: 'subscribe', id, stream, input });
          return () => {
            if (subscribers.delete(id)) {
              send({ kind: 'unsubscribe', id });
            }
          };
        },
        ended,
        close: () => lines.close(),
      };
    });
  });
}
