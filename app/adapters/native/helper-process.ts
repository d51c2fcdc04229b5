/**
 * The helper as the core sees it: is it there, and start it where that can be done without asking on a terminal. The
 * core never holds a lease; the engine does.
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { z } from 'zod';
import {
  type Cause,
  cause,
  failure,
  type HelperProgram,
  type HelperState,
  type Problem,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import { engineProtocol, problemFromWire } from '../../core/engine-messages.ts';
import type { HelperPort, Log } from '../../core/ports.ts';
import { findProgram } from '../credentials/find-program.ts';
import type { Environment } from '../storage/folders.ts';
import { openAppending } from '../storage/log.ts';
import { findRootsProgram, mayElevate } from './elevation.ts';
import { encodeFrame, frameReader, largestHelperFrame } from './frames.ts';
import { helperUnit } from './helper-unit.ts';

/**
 * The helper ends itself when nobody was connected for this many seconds: soon where starting it anew asks nobody, after
 * a while where each start is a prompt for a password.
 */
const idleSeconds = { root: 5, confirmed: 600 } as const;

/** Milliseconds for a hello on a local socket, for a start as root, and for a person to type a password. */
const helloDeadline = 3_000;
const startDeadline = 10_000;
const confirmDeadline = 120_000;

export interface HelperOptions {
  readonly program: string;
  /** The folder of the clone's programs, null in a package (native-programs.ts). */
  readonly clone: string | null;
  readonly build: string;
  readonly logFile: string;
  readonly environment: Environment;
  readonly log: Log;
  /** Where to look for its socket; only tests look elsewhere than the helper listens. */
  readonly runtimeFolder?: string;
}

const replySchema = z.object({
  id: z.number(),
  value: z.object({ protocol: z.number(), build: z.string(), holder: z.number().optional() }).nullish(),
  problem: z
    .object({ code: z.string(), cause: z.string(), facts: z.record(z.string(), z.string()).nullish() })
    .nullish(),
});

export function openHelper(options: HelperOptions): HelperPort {
  const userId = process.getuid?.() ?? 0;
  const socket = join(options.runtimeFolder ?? '/run/slipway', String(userId), 'helper.sock');
  let starting: Promise<Result<{ build: string }>> | null = null;

  const program: HelperProgram = { program: options.program, isClone: options.clone !== null };
  const state = async (): Promise<HelperState> =>
    (await hello(socket, options.build)) ?? { state: 'absent', ...program };

  const start = async (): Promise<Result<{ build: string }>> => {
    const before = await state();
    if (before.state === 'ready') {
      return success({ build: before.build });
    }
    if (before.state === 'refused') {
      return failure(before.because);
    }
    const command = await startCommand(userId, options);
    if ('problem' in command) {
      return failure(command.problem);
    }
    const exited = launch(command, options);
    const until = Date.now() + command.deadline;
    let ended: Cause | string | null = null;
    exited.then((because) => {
      ended = because;
    });
    while (Date.now() < until) {
      const now = await state();
      if (now.state === 'ready') {
        return success({ build: now.build });
      }
      if (now.state === 'refused') {
        return failure(now.because);
      }
      if (ended !== null) {
        return failure(problem('helper-missing', cause('notStarted', { reason: ended })));
      }
      await new Promise((resolve) => setTimeout(resolve, 10)); // a connect waits for no more than that
    }
    return failure(problem('helper-missing', cause('helperSilentAfterStart', { file: options.logFile })));
  };

  return {
    socket,
    program,
    state,
    ensure: () => {
      starting ??= start().finally(() => {
        starting = null;
      });
      return starting;
    },
  };
}

type StartCommand =
  | {
      readonly program: string;
      readonly arguments: readonly string[];
      readonly deadline: number;
      /** True where the program only has it started: that it ends without a failure means nothing. */
      readonly isStarter?: boolean;
      /** Instead of this process's own. */
      readonly environment?: Environment;
    }
  | { readonly problem: Problem };

async function startCommand(userId: number, options: HelperOptions): Promise<StartCommand> {
  const { environment } = options;
  const idle = userId === 0 ? idleSeconds.root : idleSeconds.confirmed;
  const serve = ['serve', '--user', String(userId), '--exit-when-idle', String(idle)];
  if (userId === 0) {
    const program = await findProgram(options.program, '');
    return program === null
      ? { problem: problem('helper-program-missing', cause('notThere', { file: options.program })) }
      : // Root asks for itself here, also where sudo made it root: the helper would take sudo's word for who asks.
        { program, arguments: serve, deadline: startDeadline, environment: {} };
  }
  const elevated = await mayElevate(options.program, options.clone);
  if ('problem' in elevated) {
    return elevated;
  }
  const { program } = elevated;
  const find = (name: string) => findRootsProgram(name, environment.PATH ?? '');
  const unit = helperUnit(program, userId);
  const systemctl = unit === null ? null : await find('systemctl');
  if (unit !== null && systemctl !== null) {
    return { program: systemctl, arguments: ['start', unit], deadline: confirmDeadline, isStarter: true };
  }
  const desktop = environment.DISPLAY !== undefined || environment.WAYLAND_DISPLAY !== undefined;
  const confirm = desktop ? await find('pkexec') : null;
  if (confirm === null) {
    return { problem: problem('helper-missing', cause('helperNoRoot')) };
  }
  options.log.info('root is asked for', { program, clone: elevated.isClone });
  return { program: confirm, arguments: [program, ...serve], deadline: confirmDeadline };
}

/** Starts it so that it outlives this process. Settles when it ended, with why and its last words. */
function launch(command: Exclude<StartCommand, { problem: Problem }>, options: HelperOptions): Promise<Cause | string> {
  const { program, arguments: args, isStarter, environment } = command;
  return new Promise((resolve) => {
    const output = openAppending(options.logFile);
    try {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', output ?? 'ignore', output ?? 'ignore'],
        env: { ...(environment ?? process.env) },
      });
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => {
        if (isStarter === true && code === 0) {
          return;
        }
        // pkexec(1): 126 the dialogue was dismissed, 127 not authorized.
        const isRefused = code === 126 || code === 127;
        resolve(isRefused ? cause('helperNotConfirmed') : `${basename(program)} ended with ${code ?? signal}`);
      });
      child.unref();
      options.log.info('helper started', { processId: child.pid });
    } catch (error) {
      resolve(error instanceof Error ? error.message : String(error));
    } finally {
      if (output !== null) {
        closeSync(output);
      }
    }
  });
}

/** What the helper is, null where nobody listens. */
function hello(socketPath: string, build: string): Promise<HelperState | null> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (state: HelperState | null) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(state);
    };
    const refuse = (because: Problem) => settle({ state: 'refused', because });
    const deadline = setTimeout(
      () => refuse(problem('helper-refused', cause('helperHello', { seconds: helloDeadline / 1000 }))),
      helloDeadline,
    );
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTDIR') {
        settle(null);
      } else {
        refuse(problem('helper-refused', error.message));
      }
    });
    socket.once('close', () => refuse(problem('helper-refused', cause('helperClosed'))));
    socket.once('connect', () => {
      const input = { protocol: engineProtocol, build, role: 'core' };
      socket.write(encodeFrame({ id: 1, operation: 'hello', input }, largestHelperFrame));
    });
    socket.on(
      'data',
      frameReader(
        largestHelperFrame,
        (document) => {
          const reply = replySchema.safeParse(document);
          if (!reply.success) {
            refuse(problem('helper-version', cause('helperAnswer')));
          } else if (reply.data.problem) {
            refuse(problemFromWire(reply.data.problem));
          } else if (reply.data.value && reply.data.value.protocol !== engineProtocol) {
            const numbers = { theirs: reply.data.value.protocol, ours: engineProtocol };
            refuse(problem('helper-version', cause('helperProtocol', numbers)));
          } else if (reply.data.value) {
            const { build: theirs, holder } = reply.data.value;
            settle({ state: 'ready', build: theirs, ...(holder === undefined ? {} : { holder }) });
          }
        },
        (because) => refuse(problem('helper-version', because)),
      ),
    );
  });
}
