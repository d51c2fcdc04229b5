/** The sandbox of this clone as a child process: its progress as JSON lines, its end awaited, nothing of it left half. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { type Cause, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { SandboxPort } from '../../core/ports.ts';

/** The texts of sandbox/sandbox.ts that come in this order after everything is built. */
const stages = [
  'certificates and configuration',
  'namespaces and LAN',
  'control plane and nodes',
  'API server ready',
  'workload applied',
  'ready',
];
/** From here on there is something to take down. */
const firstChange = stages.indexOf('namespaces and LAN');

/** Milliseconds between asking it to end and ending it. */
const endDeadline = 5000;

const lineSchema = z.union([
  z.object({ text: z.string() }),
  z.object({ problem: z.object({ code: z.string(), cause: z.string(), fix: z.string() }) }),
  z.object({ kubeconfig: z.string() }),
]);

export interface SandboxOptions {
  /** sandbox/main.ts; a package has none. */
  readonly program: string;
  /** Which sandbox; the one that the command line means by default. */
  readonly name?: string;
}

export function openSandboxPort({ program, name = 'sandbox' }: SandboxOptions): SandboxPort {
  const run = (
    command: 'up' | 'down',
    progress: (text: string, fraction: number | null) => void,
    signal?: AbortSignal,
  ) =>
    existsSync(program)
      ? runSandbox(program, [command, '--name', name, '--progress', 'json'], progress, signal)
      : Promise.resolve(failure(problem('sandbox-unsupported', cause('noSandbox'))));
  return {
    start: async (progress, signal) => {
      let stage = -1;
      const started = await run(
        'up',
        (text) => {
          stage = Math.max(stage, stages.indexOf(text));
          progress(text, stage < 0 ? null : (stage + 1) / stages.length);
        },
        signal,
      );
      if (!started.ok && signal.aborted && stage >= firstChange) {
        await run('down', (text) => progress(text, null));
      }
      return started;
    },
    stop: (progress, signal) => run('down', (text) => progress(text, null), signal),
  };
}

function runSandbox(
  program: string,
  words: readonly string[],
  progress: (text: string, fraction: number | null) => void,
  signal?: AbortSignal,
): Promise<Result<{ kubeconfig: string }>> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(failure(problem('cancelled', cause('cancelledEarly'))));
      return;
    }
    // A group of its own: what it builds with ends with it.
    const child = spawn(process.execPath, [program, ...words], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let because: { cause: string; code: string } | null = null;
    let kubeconfig = '';
    let lastWords = '';
    const hear = (line: string) => {
      const read = lineSchema.safeParse(parsed(line));
      if (!read.success) {
        lastWords = line.slice(0, 500);
      } else if ('problem' in read.data) {
        const { code, cause, fix } = read.data.problem;
        because = { code, cause: `${cause} ${fix}` };
      } else if ('kubeconfig' in read.data) {
        kubeconfig = read.data.kubeconfig;
      } else {
        progress(read.data.text, null);
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', hear);
    }
    let killing: NodeJS.Timeout | undefined;
    const abort = () => {
      end(child, 'SIGTERM');
      killing = setTimeout(() => end(child, 'SIGKILL'), endDeadline);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const settle = (result: Result<{ kubeconfig: string }>) => {
      clearTimeout(killing);
      signal?.removeEventListener('abort', abort);
      resolve(result);
    };
    child.once('error', (error) => settle(failure(problem('sandbox-failed', error.message))));
    child.once('close', (code) => {
      if (code === 0) {
        settle(success({ kubeconfig }));
      } else if (signal?.aborted) {
        settle(failure(problem('cancelled', cause('ended'))));
      } else {
        settle(failure(problemOf(because, lastWords || cause('endedWith', { status: String(code) }))));
      }
    });
  });
}

/** Codes of sandbox/problems.ts that say that this computer is none for it. */
function problemOf(because: { code: string; cause: string } | null, otherwise: Cause | string) {
  if (because === null) {
    return problem('sandbox-failed', otherwise);
  }
  const isTrouble = [
    'sandbox-build-failed',
    'sandbox-packages-unavailable',
    'sandbox-packages-untrusted',
    'sandbox-component-failed',
  ].includes(because.code);
  return problem(isTrouble ? 'sandbox-failed' : 'sandbox-unsupported', because.cause, { code: because.code });
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) {
      process.kill(-child.pid, signal);
    }
  } catch {
    // It has ended.
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
