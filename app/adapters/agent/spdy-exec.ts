/**
 * Runs a program in a container over SPDY, where a gateway lets no WebSocket through: by the engine's program as
 * `slipway-engine exec` (native/internal/wire/exec.go), which has client-go's SPDY. Its input is never closed while it is wanted.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { problem } from '../../contract/index.ts';
import {
  type ClusterAddress,
  type ClusterCredentials,
  problemFromWire,
  wireProblemSchema,
} from '../../core/engine-messages.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { encodeFrame, frameReader, largestEngineFrame } from '../native/frames.ts';
import { ProblemError } from '../problem-error.ts';
import { type Exec, type ExecHooks, type ExecTarget, largestOutput } from './exec.ts';

export interface ExecCommand extends ExecTarget {
  readonly cluster: ClusterAddress;
  readonly credentials: ClusterCredentials;
  readonly command: readonly string[];
}

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
export const execEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('opened') }),
  z.object({ event: z.literal('output'), bytes }),
  z.object({ event: z.literal('errors'), bytes }),
  z.object({ event: z.literal('ended'), success: z.boolean().default(false), message: z.string().default('') }),
  z.object({ event: z.literal('failed'), problem: wireProblemSchema }),
]);

/** Answers once the program runs; throws a ProblemError where it does not come to that. */
export async function execOverSpdy(
  program: string,
  connection: ApiConnection,
  target: ExecTarget,
  command: readonly string[],
  hooks: ExecHooks,
): Promise<Exec> {
  const order: ExecCommand = {
    ...target,
    cluster: connection.address,
    credentials: await connection.credentials(),
    command,
  };
  let child: ChildProcessByStdio<Writable, Readable, null>;
  try {
    child = spawn(program, ['exec'], { stdio: ['pipe', 'pipe', 'ignore'] });
  } catch (error) {
    throw notStarted(program, error);
  }
  let isOver = false;
  let said = 0;
  const finish = (tell: () => void) => {
    if (!isOver) {
      isOver = true;
      child.kill('SIGKILL');
      tell();
    }
  };
  const running: Exec = {
    write: (chunk) => child.stdin.write(chunk),
    waiting: () => child.stdin.writableLength,
    end: () => finish(() => {}),
  };
  return new Promise((resolve, reject) => {
    const broken = (because: string) =>
      finish(() => {
        hooks.closed(because);
        reject(new ProblemError(problem('agent-unreachable', because)));
      });
    const hear = (document: unknown) => {
      const event = execEventSchema.safeParse(document);
      if (!event.success) {
        broken('what the exec program says cannot be read');
      } else if (!isOver) {
        take(event.data);
      }
    };
    const take = (event: z.output<typeof execEventSchema>) => {
      switch (event.event) {
        case 'opened':
          resolve(running);
          return;
        case 'output':
        case 'errors':
          said += event.bytes.length;
          if (said > largestOutput) {
            broken('the program in the pod says more than is read');
          } else {
            hooks[event.event](event.bytes);
          }
          return;
        case 'ended':
          finish(() => hooks.ended({ succeeded: event.success, message: event.message }));
          return;
        case 'failed':
          finish(() => {
            hooks.closed(event.problem.cause);
            reject(new ProblemError(problemFromWire(event.problem)));
          });
      }
    };
    child.stdout.on('data', frameReader(largestEngineFrame, hear, broken));
    child.stdin.on('error', () => undefined); // it ended: `close` tells
    child.once('error', (error) => finish(() => reject(notStarted(program, error))));
    child.once('close', () => broken('the connection to the pod ended'));
    child.stdin.write(encodeFrame(order, largestEngineFrame));
  });
}

function notStarted(program: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError(problem('engine-missing', `${program} could not be started: ${message}`));
}
