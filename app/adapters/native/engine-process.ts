/**
 * The engine as a child process: framed messages on its standard input and output, its log in the state folder. The
 * end of its standard input ends it and undoes everything, so it never outlives this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { cause, failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import { type EngineCommand, type EngineEvent, engineProtocol, readEngineEvent } from '../../core/engine-messages.ts';
import type { EngineLink, EnginePort, Log } from '../../core/ports.ts';
import { openAppending } from '../storage/log.ts';
import { encodeFrame, frameReader, largestEngineFrame } from './frames.ts';

/** How long the engine may take to say hello. A cold disk is slow; milliseconds. */
const helloDeadline = 10_000;

export interface EngineOptions {
  readonly program: string;
  readonly build: string;
  readonly logFile: string;
  readonly log: Log;
}

export function openEngine(options: EngineOptions): EnginePort {
  return { start: () => startEngine(options) };
}

function startEngine(options: EngineOptions): Promise<Result<EngineLink>> {
  return new Promise((resolve) => {
    const errorOutput = openAppending(options.logFile);
    let child: ChildProcess;
    try {
      child = spawn(options.program, [], { stdio: ['pipe', 'pipe', errorOutput ?? 'ignore'] });
    } catch (error) {
      resolve(failure(notStarted(options.program, error)));
      return;
    } finally {
      if (errorOutput !== null) {
        closeSync(errorOutput);
      }
    }
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) {
      resolve(failure(problem('internal', 'the engine has no standard input and output')));
      return;
    }
    const listeners: ((event: EngineEvent) => void)[] = [];
    const early: EngineEvent[] = []; // between the hello and the first listener
    let greeted = false;
    let asked = false;
    let brokenBecause = '';
    let settleEnded: (because: string) => void = () => {};
    const ended = new Promise<string>((settle) => {
      settleEnded = settle;
    });
    const fail = (found: Problem) => {
      clearTimeout(deadline);
      child.kill('SIGKILL');
      resolve(failure(found));
    };
    const deadline = setTimeout(
      () => fail(problem('engine-ended', `it said no hello within ${helloDeadline / 1000} seconds`)),
      helloDeadline,
    );
    const send = (command: EngineCommand) => {
      try {
        stdin.write(encodeFrame(command, largestEngineFrame));
      } catch (error) {
        options.log.warning('a command to the engine was left out', { command: command.command, error });
      }
    };
    const broken = (because: string) => {
      brokenBecause = because;
      options.log.warning('the link to the engine broke', { because });
      stdin.end(); // lets it undo everything; if it does not end, end() or the kernel does
      if (!greeted) {
        fail(problem('engine-version', because));
      }
    };
    const receive = (document: unknown) => {
      const read = readEngineEvent(document);
      if (!read.ok) {
        broken(read.problem.cause);
        return;
      }
      const event = read.value;
      if (event === null) {
        return;
      }
      if (!greeted) {
        if (event.event !== 'hello') {
          fail(problem('engine-version', 'its first message was no hello'));
        } else if (event.hello.protocol !== engineProtocol) {
          const numbers = { theirs: event.hello.protocol, ours: engineProtocol };
          fail(problem('engine-version', cause('helperProtocol', numbers)));
        } else {
          clearTimeout(deadline);
          greeted = true;
          options.log.info('engine started', { processId: child.pid, build: event.hello.build });
          resolve(success(link));
        }
        return;
      }
      if (listeners.length === 0) {
        early.push(event);
      }
      for (const listener of listeners) {
        listener(event);
      }
    };
    stdout.on('data', frameReader(largestEngineFrame, receive, broken));
    stdin.on('error', () => undefined); // it ended: `close` tells
    child.once('error', (error) => {
      clearTimeout(deadline);
      resolve(failure(notStarted(options.program, error)));
      settleEnded(error.message);
    });
    child.once('close', (code, signal) => {
      clearTimeout(deadline);
      const how = signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
      const because = brokenBecause === '' ? how : `${brokenBecause}; ${how}`;
      resolve(failure(problem('engine-ended', `${because}, before it said hello; its log is ${options.logFile}`)));
      settleEnded(asked && code === 0 && brokenBecause === '' ? '' : because);
    });
    const link: EngineLink = {
      send: (command) => {
        asked ||= command.command === 'stop';
        send(command);
      },
      listen: (listener) => {
        listeners.push(listener);
        for (const event of early.splice(0)) {
          listener(event);
        }
      },
      ended,
      end: async (deadlineMilliseconds) => {
        asked = true;
        stdin.end();
        const killing = setTimeout(() => child.kill('SIGKILL'), deadlineMilliseconds);
        await ended;
        clearTimeout(killing);
      },
      processId: child.pid ?? 0,
    };
    send({ command: 'hello', hello: { protocol: engineProtocol, build: options.build, role: 'core' } });
  });
}

function notStarted(program: string, error: unknown): Problem {
  const code = (error as NodeJS.ErrnoException).code;
  const message = error instanceof Error ? error.message : String(error);
  return code === 'ENOENT'
    ? problem('engine-missing', cause('notThere', { file: program }))
    : problem('engine-missing', `${program} could not be started: ${message}`);
}
