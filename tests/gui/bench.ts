/**
 * `npm run bench -- window`: how quick the window is with 10,000 Services, as it ships, behind the real web host, in the
 * system's Chromium. Prints a Markdown table on standard output and progress on standard error.
 */
import { cpus, loadavg } from 'node:os';
import { Command } from 'commander';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Notes, restFor, scrollThrough, typeInto, watch } from './bench-page.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';

interface Choices {
  readonly rounds: number;
  readonly minutes: number;
  readonly seconds: number;
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const rows: string[] = [];

/** `most`: what it must not be over; null where nothing was promised. */
function report(name: string, value: number, unit: string, most: number | null, detail = ''): void {
  const verdict = most === null ? '' : value <= most ? `≤ ${most} ${unit}` : `**over ${most} ${unit}**`;
  rows.push(`| ${name} | ${value.toFixed(value < 10 ? 1 : 0)} ${unit} | ${verdict} | ${detail} |`);
  say(`${name}: ${value.toFixed(1)} ${unit} ${detail}`);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const notesOf = (page: Page): Promise<Notes> => page.evaluate(() => window.notes);

const spread = (values: readonly number[]) =>
  `median of ${values.length}, ${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;

/** Opens the page anew so often and measures its start. */
async function measureStart(stage: Stage, rounds: number): Promise<void> {
  const content: number[] = [];
  const interactive: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await stage.context.newPage();
    await page.goto(`${stage.origin}/`);
    await page.waitForFunction(() => window.notes.interactive !== null);
    const notes = await notesOf(page);
    content.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0));
    interactive.push(notes.interactive ?? Number.NaN);
    await page.close();
  }
  report('first content', quantile(content, 0.5), 'ms', null, spread(content));
  report('interactive', quantile(interactive, 0.5), 'ms', null, spread(interactive));
}

/** Connects so often, and measures from the message that brings 10,000 Services to their rows on the screen. */
async function measureList(stage: Stage, rounds: number): Promise<void> {
  const { page, core } = stage;
  const list: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await page.evaluate(() => Object.assign(window.notes, { listCame: null, listPainted: null }));
    await core.call('connect', { context: 'test-frankfurt' });
    await page.waitForFunction(() => window.notes.listPainted !== null);
    const notes = await notesOf(page);
    list.push((notes.listPainted ?? Number.NaN) - (notes.listCame ?? Number.NaN));
    await page.waitForTimeout(500);
    if (round < rounds - 1) {
      await core.call('disconnect', {});
      await page.getByRole('status').filter({ hasText: 'Off' }).waitFor();
    }
  }
  report('10,000 Services, first render', quantile(list, 0.5), 'ms', 200, `${spread(list)}; with reading 5 MB of JSON`);
}

async function measureTyping(page: Page, when: string, most: number | null): Promise<void> {
  const took: number[] = [];
  for (const text of ['worker-99', 'tenant-12', 'postgres', '10.96.4', 'app=api']) {
    took.push(...(await page.evaluate(typeInto, text)));
  }
  const detail = `${took.length} keys, median ${quantile(took, 0.5).toFixed(0)} ms`;
  report(`filter${when}, a key’s result on the screen, p95`, quantile(took, 0.95), 'ms', most, detail);
}

async function longTasksDuring(page: Page, name: string, work: () => Promise<readonly number[]>): Promise<void> {
  const before = await page.evaluate(() => performance.now());
  const frames = await work();
  await page.waitForTimeout(200); // the observer is told later
  const { longTasks } = await notesOf(page);
  const long = longTasks.filter(({ at }) => at >= before).map(({ took }) => took);
  const perSecond = 1000 / (frames.reduce((sum, frame) => sum + frame, 0) / frames.length);
  const longest = long.length === 0 ? 'none' : `longest ${Math.max(...long).toFixed(0)} ms`;
  report(
    `tasks over 50 ms ${name}`,
    long.length,
    'tasks',
    0,
    `${longest}; ${perSecond.toFixed(0)} frames/s, p99 ${quantile(frames, 0.99).toFixed(0)} ms`,
  );
}

/** The heap after a collection, in MB, every so often. */
async function measureMemory(stage: Stage, minutes: number): Promise<void> {
  const session = await stage.context.newCDPSession(stage.page);
  await session.send('HeapProfiler.enable');
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return usedSize / 1e6;
  };
  const samples: number[] = [];
  const pause = Math.max(10_000, (minutes * 60_000) / 20);
  const end = Date.now() + minutes * 60_000;
  do {
    samples.push(await heap());
    say(`heap: ${samples.at(-1)?.toFixed(1)} MB`);
    await stage.page.waitForTimeout(pause);
  } while (Date.now() < end);
  const [first = Number.NaN] = samples;
  const middle = Math.floor(samples.length / 2);
  const growth = quantile(samples.slice(middle), 0.5) - quantile(samples.slice(0, middle), 0.5);
  const detail = `${minutes} min of 50 changes a second; ${first.toFixed(1)} MB at first, ${samples.at(-1)?.toFixed(1)} MB at last`;
  report('heap, second half against first', growth, 'MB', 1, detail);
}

const beforePage = (context: BrowserContext) => context.addInitScript(watch);

async function bench(browser: Browser, { rounds, minutes, seconds }: Choices): Promise<void> {
  const quiet = await setStage(browser, ['fast', 'many-services'], { beforePage });
  try {
    await measureStart(quiet, rounds);
    await quiet.page.bringToFront();
    await measureList(quiet, rounds);
    await measureTyping(quiet.page, '', 50);
    await longTasksDuring(quiet.page, 'while scrolling', () => quiet.page.evaluate(scrollThrough, seconds * 1000));
  } finally {
    await quiet.close();
  }
  const stage = await setStage(browser, ['fast', 'many-services', 'lively', 'connected'], { beforePage });
  try {
    await stage.page.waitForFunction(() => window.notes.listPainted !== null);
    await stage.page.waitForTimeout(3000); // the start is measured above
    await longTasksDuring(stage.page, 'while 50 changes a second come in', () =>
      stage.page.evaluate(restFor, seconds * 1000),
    );
    await longTasksDuring(stage.page, 'while scrolling, with the changes', () =>
      stage.page.evaluate(scrollThrough, seconds * 1000),
    );
    await measureTyping(stage.page, ' with the changes', null);
    await measureMemory(stage, minutes);
  } finally {
    await stage.close();
  }
}

const choices = new Command('bench window')
  .option('--rounds <count>', 'how often the page is opened', Number, 7)
  .option('--minutes <count>', 'how long memory is watched', Number, 10)
  .option('--seconds <count>', 'how long is scrolled and rested', Number, 10)
  .parse()
  .opts<Choices>();
const browser = await openBrowser();
try {
  await bench(browser, choices);
  const [one, five, fifteen] = loadavg().map((value) => value.toFixed(1));
  process.stdout.write(`| figure | measured | promised | |\n|---|---:|---|---|\n${rows.join('\n')}\n\n`);
  process.stdout.write(
    `Chromium ${browser.version()}, ${cpus().length} processors for browser, host and core, load average ${one} ${five} ${fifteen}.\n`,
  );
} finally {
  await browser.close();
}
