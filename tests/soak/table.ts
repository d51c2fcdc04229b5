/** Outcomes as a table for people, and that table in docs/reliability.md: rows that were not run again stay as they are. */
import { describeSpread, spreadOf } from '../bench/statistics.ts';
import type { FaultOutcome } from './record.ts';
import { type FaultName, faultNames, rowOf } from './rows.ts';

const begin = '<!-- what `npm run soak` saw; it writes this table -->';
const end = '<!-- end of the table -->';
const head = [
  '| fault | bound | rounds | failed | seen: median (least–most) | when, load |',
  '|---|---|---|---|---|---|',
];

/** What missed its bound, as "back, s: 4.1 > 3"; empty when all is well. */
export function misses(outcome: FaultOutcome): string[] {
  return Object.entries(rowOf(outcome.name).limits ?? {}).flatMap(([figure, { atMost }]) => {
    const most = Math.max(...(outcome.figures[figure] ?? []));
    return most > atMost ? [`${figure}: ${most.toFixed(1)} > ${atMost}`] : [];
  });
}

function cells(name: FaultName, outcome: FaultOutcome | undefined): string[] {
  const { fault, bound, files } = rowOf(name);
  if (outcome === undefined) {
    return [fault, bound, '', '', files === undefined ? 'nothing does it yet' : 'not run yet', ''];
  }
  const figures = Object.entries(outcome.figures).map(
    ([figure, values]) => `${figure}: ${describeSpread(spreadOf(values))}`,
  );
  const missed = misses(outcome).map((text) => `**missed** ${text}`);
  const [from, to] = outcome.load.map((load) => load.toFixed(1));
  return [
    fault,
    bound,
    `${Number(outcome.rounds.toFixed(2))}`,
    `${outcome.failures.length}`,
    [...figures, ...missed].join('; '),
    `${whenOf(outcome)}, ${outcome.seconds} s, load ${from} to ${to}`,
  ];
}

function whenOf({ began, runs }: FaultOutcome): string {
  const minute = (time: string) => time.slice(0, 16).replace('T', ' ');
  return runs === undefined ? minute(began) : `${minute(began)} to ${minute(runs.ended)}, ${runs.count} runs`;
}

const line = (texts: readonly string[]) => `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;

export function tableOf(outcomes: readonly FaultOutcome[]): string {
  return [...head, ...outcomes.map((outcome) => line(cells(outcome.name, outcome)))].join('\n');
}

/** The page with these outcomes in its table, where every fault has a row. */
export function mergeTable(page: string, outcomes: readonly FaultOutcome[]): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error('the page has no place for the table');
  }
  const kept = page.slice(from, to).split('\n');
  const rows = faultNames.map((name) => {
    const outcome = outcomes.find((one) => one.name === name);
    const before = kept.find((text) => text.startsWith(`| ${rowOf(name).fault} |`) && / load \d/.test(text));
    return outcome === undefined && before !== undefined ? before : line(cells(name, outcome));
  });
  return `${page.slice(0, from)}${[begin, ...head, ...rows].join('\n')}\n${page.slice(to)}`;
}
