/**
 * Frames that chance makes, for everything that reads what another process or another machine sent: all fuzz targets of the
 * native module, each for its part of the executions. What Go finds stands in `testdata/fuzz` of the package, to be kept.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vitalsOf } from '../cluster/process-vitals.ts';
import { goTest } from './go.ts';
import { FaultRecord } from './record.ts';

const native = join(dirname(dirname(import.meta.dirname)), 'native');

interface Target {
  readonly folder: string;
  readonly name: string;
}

const targets: Target[] = readdirSync(join(native, 'internal'), { encoding: 'utf8', recursive: true })
  .filter((file) => file.endsWith('_test.go'))
  .toSorted()
  .flatMap((file) =>
    [...readFileSync(join(native, 'internal', file), 'utf8').matchAll(/^func (Fuzz\w+)\(/gm)].map(([, name = '']) => ({
      folder: `./${join('internal', dirname(file))}`,
      name,
    })),
  );

/** Resident memory in MiB of the processes that run a package's target now. */
function workersOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id))
    .flatMap((id) => {
      try {
        const isWorker =
          readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('-test.fuzzworker') &&
          readlinkSync(`/proc/${id}/cwd`) === join(native, folder);
        return isWorker ? [vitalsOf(Number(id)).resident] : [];
      } catch {
        return []; // it ended in between
      }
    });
}

/**
 * Go makes whatever covers something new smaller, for up to a minute each, and counts no execution meanwhile. Where goroutines take
 * part, coverage differs from run to run: something is always new, and a target did not come to its executions at all.
 */
const minimizing = ['-fuzzminimizetime', '100x'];

const record = new FaultRecord('fuzz');
const each = Math.ceil(record.rounds / targets.length);
const began = performance.now();
for (const { folder, name } of targets) {
  let executions = 0;
  let largest = 0;
  const said: string[] = [];
  const words = ['-run', '^$', '-fuzz', `^${name}$`, '-fuzztime', `${each}x`, ...minimizing];
  const code = await goTest([folder, ...words], (line) => {
    executions = Math.max(executions, Number(/execs: (\d+)/.exec(line)?.[1] ?? 0));
    largest = Math.max(largest, ...workersOf(folder).filter((resident) => resident > 0));
    said.push(line);
  });
  record.did(executions);
  record.saw('largest process, MiB', largest);
  process.stderr.write(`${folder} ${name}: ${executions} executions\n`);
  if (code !== 0) {
    record.failed(`${folder} ${name}: ${said.filter((line) => !line.startsWith('fuzz: elapsed')).join(' ')}`);
    process.stderr.write(`${said.join('\n')}\n`);
    process.exitCode = 1;
  }
  record.keep();
}
record.saw('targets', targets.length);
record.saw('thousand executions a second', record.outcome().rounds / (performance.now() - began));
record.keep();
