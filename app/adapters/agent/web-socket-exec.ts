/**
 * Runs a program in a container by client-node's Exec, over a WebSocket of ours (ADR 10): our TLS, proxies and act-as fields,
 * bounds, and messages that were looked at first: one of a stream that client-node does not know, or a status that is no
 * JSON, would end the process. Standard input is never closed.
 */
import { PassThrough, Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { Exec as ClientExec } from '@kubernetes/client-node/dist/exec.js';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { refusalOf } from '../cluster/exchange.ts';
import { type Exec, type ExecHooks, type ExecStatus, type ExecTarget, largestOutput } from './exec.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of each message (k8s.io/apimachinery/pkg/util/remotecommand). */
const channels = { output: 1, errors: 2, status: 3 } as const;

/** Longest wait for the upgrade, in milliseconds. A gateway may swallow it, and SPDY is tried then. */
const openDeadline = 10_000;

/** Bytes of one message. */
const largestMessage = 256 << 10;

/** client-node makes its own handler of it, where it is given none. */
const noConfig = null as unknown as KubeConfig;

const statusSchema = z.object({ status: z.string(), message: z.string().nullish() });

/** Throws where the upgrade is refused: an ApiRefusal where anything answered. */
export async function execOverWebSocket(
  connection: ApiConnection,
  target: ExecTarget,
  command: readonly string[],
  hooks: ExecHooks,
): Promise<Exec> {
  let isOver = false;
  let said = 0;
  const finish = (tell: () => void) => {
    if (!isOver) {
      isOver = true;
      tell();
    }
  };
  const listener = (hear: (chunk: Buffer) => void) =>
    new Writable({
      write: (chunk: Buffer, _, next) => {
        hear(chunk);
        next();
      },
    });
  const handler: ClientExec['handler'] = {
    connect: async (path, _, hear) => {
      const socket = await openSocket(connection, path, (channel, content, from) => {
        if (isOver) {
          return;
        }
        if (channel === channels.status) {
          // Read here: client-node's way throws at what is no JSON.
          finish(() => hooks.ended(statusOf(content)));
          return;
        }
        said += content.length;
        if (said > largestOutput) {
          finish(() => hooks.closed('the program in the pod says more than is read'));
          from.terminate();
        } else if (channel === channels.output || channel === channels.errors) {
          hear?.(channel, content);
        }
      });
      socket.on('close', () => finish(() => hooks.closed('the connection to the pod ended')));
      return socket;
    },
  };
  const input = new PassThrough();
  const running = await new ClientExec(noConfig, handler).exec(
    encodeURIComponent(target.namespace),
    encodeURIComponent(target.pod),
    target.container,
    [...command],
    listener((chunk) => hooks.output(chunk)),
    listener((chunk) => hooks.errors(chunk)),
    input,
    false,
  );
  return {
    write: (bytes) => input.write(bytes),
    waiting: () => running.bufferedAmount + input.readableLength + input.writableLength,
    end: () => {
      isOver = true;
      running.terminate();
    },
  };
}

async function openSocket(
  connection: ApiConnection,
  path: string,
  hear: (channel: number, content: Buffer, from: WebSocket) => void,
): Promise<WebSocket> {
  const { headers, streams } = await connection.session();
  const url = connection.urlOf(path, {});
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, protocols, {
    agent: streams,
    // Lists of values are lines of their own (act-as groups); the types of ws know only single ones.
    headers: headers as Record<string, string>,
    handshakeTimeout: openDeadline,
    maxPayload: largestMessage,
    perMessageDeflate: false, // nothing of ours packs well, and a packed message may unpack to anything
  });
  socket.on('message', (message: Buffer) => hear(message[0] ?? -1, message.subarray(1), socket));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject); // after `open` the end follows: `close` tells
    socket.once('unexpected-response', (request, answer) => {
      const done = (refusal: Error) => {
        reject(refusal);
        request.destroy();
      };
      refusalOf(answer).then(done, done);
    });
  });
  return socket;
}

function statusOf(content: Buffer): ExecStatus {
  try {
    const { status, message } = statusSchema.parse(JSON.parse(content.toString('utf8')));
    return { succeeded: status === 'Success', message: message ?? '' };
  } catch {
    return { succeeded: false, message: 'the API server did not say how the program ended' };
  }
}
