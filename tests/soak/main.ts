/**
 * `npm run soak`: the long forms of all faults, or of some. Prints a Markdown table on standard output, and with --write keeps
 * it in docs/reliability.md. Ends with 1 where a round failed or a figure missed its bound.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { type FaultOutcome, sumOfRuns, together } from './record.ts';
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
  const means = (word: string, name: string) =>
    able.some((one) => one === word) ? name === word : name.includes(word);
  return asked.length === 0 ? able : able.filter((name) => asked.some((word) => means(word, name)));
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

interface Options {
  readonly rounds: string[];
  readonly first: string[];
  readonly results?: string;
  readonly workers: string;
  readonly write?: true;
  readonly run: boolean;
}

async function soak(asked: readonly string[], options: Options) {
  const names = chosen(asked);
  const kept = options.results ?? mkdtempSync(join(tmpdir(), 'slipway-soak-'));
  try {
    process.exitCode = (options.run ? await runAll(names, kept, options) : true) ? 0 : 1;
    const gibibytes = Math.round(totalmem() / 2 ** 30);
    process.stdout.write(`${cpus().length} × ${cpus()[0]?.model}, ${gibibytes} GiB, Linux ${release()}\n\n`);
    const sums = names.flatMap((name) => sumOf(kept, name));
    process.stdout.write(`${tableOf(sums)}\n`);
    if (options.write) {
      writeFileSync(page, mergeTable(readFileSync(page, 'utf8'), sums));
    }
  } finally {
    if (options.results === undefined) {
      rmSync(kept, { recursive: true, force: true });
    }
  }
}

/** Answers whether all was well. */
async function runAll(names: readonly FaultName[], kept: string, options: Options): Promise<boolean> {
  const next = names.map((name) => `${name}=${1 + (sumOf(kept, name)[0]?.rounds ?? 0)}`);
  const run = `${new Date().toISOString().replaceAll(':', '')}-${process.pid}`;
  mkdirSync(join(kept, run), { recursive: true });
  const environment = {
    SLIPWAY_SOAK: 'true',
    SLIPWAY_SOAK_RESULTS: resolve(kept, run),
    SLIPWAY_SOAK_ROUNDS: options.rounds.join(','),
    SLIPWAY_SOAK_FIRST: [...options.first, ...next].join(','),
    SLIPWAY_TEST_WORKERS: options.workers,
  };
  const files = [...new Set(names.flatMap((name) => rowOf(name).files ?? []))];
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  let isWell = true;
  if (tests.length > 0) {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const words = [vitest, 'run', '--project', 'cluster*', ...tests];
    isWell = (await perform(words, environment)) === 0;
  }
  for (const program of files.filter((file) => !tests.includes(file))) {
    isWell = (await perform([join(root, program)], environment)) === 0 && isWell;
  }
  for (const name of names) {
    const [outcome] = outcomeOf(kept, run, name);
    const wrong = outcome === undefined ? ['nothing was told'] : [...outcome.failures, ...misses(outcome)];
    for (const text of wrong) {
      isWell = false;
      say(`${name}: ${text}`);
    }
  }
  return isWell;
}

function outcomeOf(kept: string, run: string, name: FaultName): FaultOutcome[] {
  const files = readdirSync(join(kept, run)).filter((file) => file.startsWith(`${name}.`));
  return together(files.map((file) => JSON.parse(readFileSync(join(kept, run, file), 'utf8')) as FaultOutcome));
}

/** Of all runs whose results are in the folder. */
function sumOf(kept: string, name: FaultName): FaultOutcome[] {
  const runs = existsSync(kept) ? readdirSync(kept).toSorted() : [];
  return sumOfRuns(runs.flatMap((run) => outcomeOf(kept, run, name)));
}

const collect = (value: string, before: string[]) => [...before, value];
const command = new Command('soak')
  .description('The long forms of the faults that a connection must outlive.')
  .argument('[NAME...]', `some of: ${faultNames.filter((name) => rowOf(name).files !== undefined).join(', ')}`)
  .option(
    '--rounds <COUNTS>',
    '"7", or "cuts=7" for one: how often instead of what the table says; may be repeated',
    collect,
    [],
  )
  .option('--results <FOLDER>', 'where what was seen is kept: rows are sums of all runs with the same folder')
  .option(
    '--first <ROUNDS>',
    '"3", or "sleep=3" for one: the number of the first round instead of the one after those kept',
    collect,
    [],
  )
  .option('--workers <COUNT>', 'files that run side by side, at most three', '1')
  .option('--no-run', 'only tell, or write, what the folder of results has')
  .option('--write', 'keep the table in docs/reliability.md')
  .action(soak);

try {
  await command.parseAsync();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
