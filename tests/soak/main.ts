/**
 * `npm run soak`: the long forms of all faults, or of some. Prints a Markdown table on standard output, and with --write keeps
 * it in docs/reliability.md. Ends with 1 where a round failed or a figure missed its bound.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type FaultOutcome, together } from './record.ts';
import { type FaultName, faultNames, rowOf } from './rows.ts';
import { mergeTable, misses, tableOf } from './table.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const page = join(root, 'docs/reliability.md');
const say = (text: string) => process.stderr.write(`slipway: ${text}\n`);

function chosen(asked: readonly string[]): FaultName[] {
  const able = faultNames.filter((name) => rowOf(name).files !== undefined);
  const unknown = asked.filter((word) => !able.some((name) => name.includes(word)));
  if (unknown.length > 0) {
    throw new Error(`no fault of ${unknown.join(', ')}; there are: ${able.join(', ')}`);
  }
  return asked.length === 0 ? able : able.filter((name) => asked.some((word) => name.includes(word)));
}

function perform(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    // Standard output is the table's.
    const child = spawn(process.execPath, words, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', process.stderr, process.stderr],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function soak(asked: readonly string[], options: { rounds: string[]; workers: string; write?: true }) {
  const names = chosen(asked);
  const results = mkdtempSync(join(tmpdir(), 'slipway-soak-'));
  const environment = {
    SLIPWAY_SOAK: 'true',
    SLIPWAY_SOAK_RESULTS: results,
    SLIPWAY_SOAK_ROUNDS: options.rounds.join(','),
    SLIPWAY_TEST_WORKERS: options.workers,
  };
  const files = [...new Set(names.flatMap((name) => rowOf(name).files ?? []))];
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  let failed = false;
  try {
    if (tests.length > 0) {
      const vitest = join(root, 'node_modules/vitest/vitest.mjs');
      const words = [vitest, 'run', '--project', 'cluster*', ...tests];
      failed = (await perform(words, environment)) !== 0;
    }
    for (const program of files.filter((file) => !tests.includes(file))) {
      failed = (await perform([join(root, program)], environment)) !== 0 || failed;
    }
    const outcomes = faultNames.flatMap((name) => outcomeOf(results, name));
    for (const outcome of outcomes) {
      for (const text of [...outcome.failures, ...misses(outcome)]) {
        failed = true;
        say(`${outcome.name}: ${text}`);
      }
    }
    const silent = names.filter((name) => !outcomes.some((outcome) => outcome.name === name));
    if (silent.length > 0) {
      failed = true;
      say(`nothing was told of ${silent.join(', ')}`);
    }
    const gibibytes = Math.round(totalmem() / 2 ** 30);
    process.stdout.write(`${cpus().length} × ${cpus()[0]?.model}, ${gibibytes} GiB, Linux ${release()}\n\n`);
    process.stdout.write(`${tableOf(outcomes)}\n`);
    if (options.write) {
      writeFileSync(page, mergeTable(readFileSync(page, 'utf8'), outcomes));
    }
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
  process.exitCode = failed ? 1 : 0;
}

function outcomeOf(results: string, name: FaultName): FaultOutcome[] {
  const files = readdirSync(results).filter((file) => file.startsWith(`${name}.`));
  return together(files.map((file) => JSON.parse(readFileSync(join(results, file), 'utf8')) as FaultOutcome));
}

const collect = (value: string, before: string[]) => [...before, value];
const command = new Command('soak')
  .description('The long forms of the faults that a connection must outlive.')
  .argument('[NAME...]', `some of: ${faultNames.filter((name) => rowOf(name).files !== undefined).join(', ')}`)
  .option('--rounds [NAME=]COUNT', 'how often instead of what the table says; may be repeated', collect, [])
  .option('--workers COUNT', 'files that run side by side, at most three', '1')
  .option('--write', 'keep the table in docs/reliability.md')
  .action(soak);

try {
  await command.parseAsync();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
