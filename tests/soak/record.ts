/** What a fault's file tells of its rounds: the soak collects it, `npm test` only looks whether all of them were well. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type FaultName, rowOf } from './rows.ts';

/** One fault's outcome as it lies in the folder of results. */
export interface FaultOutcome {
  readonly name: FaultName;
  /** Rounds that were begun. */
  readonly rounds: number;
  /** What went wrong, with its round. */
  readonly failures: readonly string[];
  /** All values of each figure. */
  readonly figures: Readonly<Record<string, readonly number[]>>;
  /** ISO 8601, UTC. */
  readonly began: string;
  readonly seconds: number;
  /** Load average of the last minute when it began and when it ended; of several runs the least and the most. */
  readonly load: readonly [number, number];
  /** Where it is the sum of several runs: how many, and the end of the last one. `seconds` are without the time between them. */
  readonly runs?: { readonly count: number; readonly ended: string };
}

/** Whether this is `npm run soak`. */
export const isSoak = process.env.SLIPWAY_SOAK === 'true';

/** A connection that is broken for good would fail every further round in the same way. */
const enoughFailures = 5;

export class FaultRecord {
  readonly name: FaultName;
  /** How many rounds there are: the row's, or what SLIPWAY_SOAK_ROUNDS says ("cuts=5" or "5", separated by commas). */
  readonly rounds: number;
  /** The number of the first round, where rounds differ: earlier runs whose results are kept had those before it. */
  readonly first: number;
  readonly #part: string;
  readonly #began = Date.now();
  readonly #load = loadavg()[0] ?? 0;
  readonly #figures = new Map<string, number[]>();
  readonly #failures: string[] = [];
  #done = 0;

  /** `part` tells several records of one fault apart, where several files or laptops make it. */
  constructor(name: FaultName, part = '', environment: NodeJS.ProcessEnv = process.env) {
    this.name = name;
    this.#part = part;
    this.rounds = roundsOf(name, environment);
    this.first = numberFor(name, environment.SLIPWAY_SOAK_FIRST) ?? 1;
  }

  /** Keeps a value of a figure, whose name has its unit: "back, s". */
  saw(figure: string, value: number): void {
    this.#figures.set(figure, [...(this.#figures.get(figure) ?? []), value]);
  }

  /** Does something and keeps how many seconds that took. */
  async timed<T>(figure: string, perform: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const answer = await perform();
    this.saw(figure, (performance.now() - began) / 1000);
    return answer;
  }

  /** One round after the other. In the soak a round that fails is counted and the next begins; the first failure is thrown at the end. */
  async eachRound(perform: (round: number) => Promise<void>): Promise<void> {
    let first: unknown;
    const end = this.first + this.rounds;
    for (let round = this.first; round < end && this.#failures.length < enoughFailures; round++) {
      this.#done += 1;
      try {
        await perform(round);
      } catch (error) {
        this.failed(`round ${round}: ${error instanceof Error ? error.message : String(error)}`);
        first ??= error;
        if (!isSoak) {
          break;
        }
      }
      this.keep();
    }
    if (first !== undefined) {
      throw first;
    }
  }

  /** For what is one round, however long: tells what goes wrong in it, and throws that. */
  async whole(perform: () => Promise<void>): Promise<void> {
    try {
      await perform();
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** Rounds that are no loop of this process: minutes, frames. */
  did(rounds: number): void {
    this.#done += rounds;
  }

  failed(what: string): void {
    this.#failures.push(what);
  }

  outcome(): FaultOutcome {
    return {
      name: this.name,
      rounds: this.#done,
      failures: this.#failures,
      figures: Object.fromEntries(this.#figures),
      began: new Date(this.#began).toISOString(),
      seconds: Math.round((Date.now() - this.#began) / 1000),
      load: [this.#load, loadavg()[0] ?? 0],
    };
  }

  /** Writes it where the soak looks for it; elsewhere nothing is kept. */
  keep(folder: string | undefined = process.env.SLIPWAY_SOAK_RESULTS): void {
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, `${this.name}${this.#part === '' ? '' : `.${this.#part}`}.json`),
        JSON.stringify(this.outcome()),
      );
    }
  }
}

/** What the records of one fault say together. */
export function together(outcomes: readonly FaultOutcome[]): FaultOutcome[] {
  const [first, ...others] = outcomes.toSorted((one, other) => one.began.localeCompare(other.began));
  if (first === undefined) {
    return [];
  }
  const ends = outcomes.map(endOf);
  const figures: Record<string, number[]> = {};
  for (const outcome of outcomes) {
    for (const [figure, values] of Object.entries(outcome.figures)) {
      figures[figure] = [...(figures[figure] ?? []), ...values];
    }
  }
  return [
    {
      ...first,
      rounds: outcomes.reduce((sum, { rounds }) => sum + rounds, 0),
      failures: outcomes.flatMap(({ failures }) => failures),
      figures,
      seconds: Math.round((Math.max(...ends) - Date.parse(first.began)) / 1000),
      load: [first.load[0], others.at(-1)?.load[1] ?? first.load[1]],
    },
  ];
}

/** What several runs saw of one fault, one after the other or side by side: their sum. */
export function sumOfRuns(runs: readonly FaultOutcome[]): FaultOutcome[] {
  const [sum] = together(runs);
  if (sum === undefined || runs.length === 1) {
    return runs.slice(0, 1);
  }
  const loads = runs.flatMap(({ load }) => load);
  const ended = Math.max(...runs.map(endOf));
  return [
    {
      ...sum,
      seconds: runs.reduce((seconds, run) => seconds + run.seconds, 0),
      load: [Math.min(...loads), Math.max(...loads)],
      runs: { count: runs.length, ended: new Date(ended).toISOString() },
    },
  ];
}

/** Milliseconds since the epoch. */
const endOf = ({ began, seconds }: FaultOutcome) => Date.parse(began) + seconds * 1000;

function roundsOf(name: FaultName, environment: NodeJS.ProcessEnv): number {
  const row = rowOf(name);
  return (
    numberFor(name, environment.SLIPWAY_SOAK_ROUNDS) ?? (environment.SLIPWAY_SOAK === 'true' ? row.long : row.short)
  );
}

/** The number for this fault in "7,cuts=3": its own before that for all. */
function numberFor(name: FaultName, text = ''): number | undefined {
  const asked = text.split(',').filter((part) => part !== '');
  const own = asked.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  const given = own ?? asked.find((part) => !part.includes('='));
  if (given === undefined) {
    return undefined;
  }
  const number = Number(given);
  if (!Number.isFinite(number) || number < 0) {
    throw new Error(`${given} is no number of rounds for ${name}`);
  }
  return number;
}
