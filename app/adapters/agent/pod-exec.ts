/**
 * Runs a program in a container through pods/exec over a WebSocket, as kubectl does: the first byte of each message
 * says which stream it is of (k8s.io/apimachinery/pkg/util/remotecommand). Standard input is never closed.
 */
import { z } from 'zod';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { pathOf } from '../cluster/api-objects.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const channels = { input: 0, output: 1, errors: 2, status: 3 } as const;

/** Longest wait for the upgrade, in milliseconds. */
const openDeadline = 20_000;

const statusSchema = z.object({ status: z.string(), message: z.string().nullish() });

/** How the program ended: metav1.Status, "Success" or "Failure". */
export interface ExecStatus {
  readonly succeeded: boolean;
  readonly message: string;
}

export interface ExecHooks {
  output(chunk: Buffer): void;
  errors(chunk: Buffer): void;
  ended(status: ExecStatus): void;
  /** The connection ended, whether or not the program did. */
  closed(): void;
}

export interface Exec {
  write(bytes: Buffer): void;
  /** Bytes that were written and not sent. */
  waiting(): number;
  /** Ends the connection at once, and the hooks. */
  end(): void;
}

/** Throws where the upgrade is refused; the status is in the message ("Unexpected server response: 403"). */
export async function execInPod(
  connection: ApiConnection,
  target: { readonly namespace: string; readonly pod: string; readonly container: string },
  command: readonly string[],
  hooks: ExecHooks,
): Promise<Exec> {
  const { headers, streams } = await connection.session();
  const url = connection.urlOf(pathOf('pods', target.namespace, target.pod, 'exec'), {
    container: target.container,
    stdin: 'true',
    stdout: 'true',
    stderr: 'true',
  });
  for (const word of command) {
    url.searchParams.append('command', word);
  }
  url.protocol = url.protocol.replace('http', 'ws');
  const { WebSocket } = await import('ws'); // not needed where an agent waits
  const socket = new WebSocket(url, protocols, {
    agent: streams,
    // Lists of values are lines of their own (act-as groups); the types of ws know only single ones.
    headers: headers as Record<string, string>,
    handshakeTimeout: openDeadline,
  });
  let isOver = false;
  socket.on('message', (message: Buffer) => {
    const content = message.subarray(1);
    switch (isOver ? -1 : message[0]) {
      case channels.output:
        hooks.output(content);
        return;
      case channels.errors:
        hooks.errors(content);
        return;
      case channels.status:
        hooks.ended(statusOf(content));
        return;
    }
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject); // after `open` the end follows: `close` tells
  });
  socket.on('close', () => isOver || hooks.closed());
  return {
    write: (bytes) => socket.send(Buffer.concat([Buffer.of(channels.input), bytes])),
    waiting: () => socket.bufferedAmount,
    end: () => {
      isOver = true;
      socket.terminate();
    },
  };
}

function statusOf(content: Buffer): ExecStatus {
  try {
    const { status, message } = statusSchema.parse(JSON.parse(content.toString('utf8')));
    return { succeeded: status === 'Success', message: message ?? '' };
  } catch {
    return { succeeded: false, message: 'the API server did not say how the program ended' };
  }
}
