/**
 * Measuring in a process of its own: its sockets go the way of every program's, and the core has none of them. It is this program
 * again with the word `bench`, and ends when its standard input does, so that nothing of it outlives the core.
 */
import { spawn } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import {
  benchStepSchema,
  benchTransferBytes,
  cause,
  failure,
  pathFiguresSchema,
  pathSchema,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import type { BenchPort } from '../../core/ports.ts';
import { benchProblem, measurePath } from './measure.ts';

/** The first argument of a core that is to measure, and nothing else. */
export const benchWord = 'bench';

const askedSchema = z.object({
  path: pathSchema,
  resolver: z.string(),
  clusterDomain: z.string(),
  milliseconds: z.number(),
});

const saidSchema = z.union([
  z.object({ step: benchStepSchema, known: pathFiguresSchema }),
  z.object({ done: pathFiguresSchema }),
  z.object({ failed: z.object({ code: z.string().optional(), message: z.string() }) }),
]);

/** How this program is started again: Node, its own arguments, and the program. */
const ourselves = (): readonly [string, ...string[]] => [process.execPath, ...process.execArgv, process.argv[1] ?? ''];

export function openBench(program: readonly [string, ...string[]] = ourselves()): BenchPort {
  const [node, ...before] = program;
  return {
    load: () => ({ load: loadavg()[0] ?? 0, processors: availableParallelism() }),
    measure: (subject, milliseconds, heard, signal) =>
      new Promise((resolve) => {
        const child = spawn(node, [...before, benchWord, JSON.stringify({ ...subject, milliseconds })], {
          ...{ stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true },
        });
        let answer: Result<z.infer<typeof pathFiguresSchema>> = failure(
          problem('internal', cause('benchBroken', { reason: 'its process ended' })),
        );
        const end = () => child.kill('SIGKILL'); // the system closes its sockets, and the agent hears that
        signal.addEventListener('abort', end, { once: true });
        if (signal.aborted) {
          end();
        }
        child.stdin.on('error', () => {});
        createInterface({ input: child.stdout }).on('line', (line) => {
          const said = saidSchema.safeParse(parsed(line)).data;
          if (said !== undefined && 'step' in said) {
            heard(said.step, said.known);
          } else if (said !== undefined) {
            answer = 'done' in said ? success(said.done) : failure(benchProblem(said.failed, ''));
          }
        });
        child.once('error', ({ message }) => {
          answer = failure(problem('internal', cause('benchBroken', { reason: message })));
          resolve(answer);
        });
        child.once('close', () => {
          signal.removeEventListener('abort', end);
          resolve(answer);
        });
      }),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** That process: measures what its argument says, a line for each thing that it has to say. Answers its exit code. */
export async function runBenchProcess(argument: string): Promise<number> {
  const say = (what: z.infer<typeof saidSchema>) => process.stdout.write(`${JSON.stringify(what)}\n`);
  process.stdin
    .on('end', () => process.exit(1))
    .on('error', () => process.exit(1))
    .resume();
  const { milliseconds, ...subject } = askedSchema.parse(parsed(argument));
  try {
    const bounds = { transferMilliseconds: milliseconds, transferBytes: benchTransferBytes };
    say({ done: await measurePath(subject, bounds, (step, known) => say({ step, known })) });
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    say({ failed: { code, message } });
    return 1;
  }
}
