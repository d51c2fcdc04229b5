import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultRecord, sumOfRuns, together } from './record.ts';
import { faultNames, rowOf } from './rows.ts';
import { mergeTable, misses, tableOf } from './table.ts';

const rounds = (environment: NodeJS.ProcessEnv) => new FaultRecord('cuts', '', environment).rounds;

describe('how many rounds a fault has', () => {
  it.each([
    ['npm test', {}, rowOf('cuts').short],
    ['the soak', { SLIPWAY_SOAK: 'true' }, rowOf('cuts').long],
    ['a number for all', { SLIPWAY_SOAK: 'true', SLIPWAY_SOAK_ROUNDS: '7' }, 7],
    ['a number of its own before that for all', { SLIPWAY_SOAK_ROUNDS: '7,cuts=3' }, 3],
    ['a number for another', { SLIPWAY_SOAK_ROUNDS: 'kills=9' }, rowOf('cuts').short],
  ])('%s', (_, environment, expected) => {
    expect(rounds(environment)).toBe(expected);
  });

  it('refuses what is no number', () => {
    expect(() => rounds({ SLIPWAY_SOAK_ROUNDS: 'cuts=many' })).toThrow(/many is no number/);
  });
});

it('begins after the rounds of earlier runs', async () => {
  const record = new FaultRecord('cuts', '', { SLIPWAY_SOAK_ROUNDS: '2', SLIPWAY_SOAK_FIRST: 'kills=9,cuts=41' });
  const begun: number[] = [];
  await record.eachRound(async (round) => {
    begun.push(round);
  });
  expect(begun).toEqual([41, 42]);
  expect(record.outcome().rounds).toBe(2);
});

describe('the record of a fault', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-record-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('tells rounds, failures and what missed its bound', async () => {
    const record = new FaultRecord('cuts', '', { SLIPWAY_SOAK_ROUNDS: '4' });
    const told = record.eachRound(async (round) => {
      record.saw('back, s', round);
      if (round === 4) {
        throw new Error('the checksum differs');
      }
    });
    await expect(told).rejects.toThrow('the checksum differs');
    record.keep(folder);
    const outcome = JSON.parse(readFileSync(join(folder, 'cuts.json'), 'utf8'));
    expect(outcome).toMatchObject({ name: 'cuts', rounds: 4, failures: ['round 4: the checksum differs'] });
    expect(outcome.figures['back, s']).toEqual([1, 2, 3, 4]);
    expect(misses(outcome)).toEqual(['back, s: 4.0 > 3']);
    expect(tableOf([outcome])).toMatch(/\| 4 \| 1 \| back, s: 2\.5 \(1\.0–4\.0\); \*\*missed\*\* back, s: 4\.0 > 3 \|/);
  });
});

it('adds up what several files told of one fault', () => {
  const [first, second] = ['engine', 'core'].map((part) => new FaultRecord('kills', part, {}));
  first?.did(2);
  first?.saw('back, s', 1);
  second?.did(3);
  second?.saw('back, s', 4);
  second?.failed('round 3: the route is still there');
  const outcomes = [first, second].flatMap((record) => record?.outcome() ?? []);
  expect(together(outcomes)).toMatchObject([
    { name: 'kills', rounds: 5, failures: ['round 3: the route is still there'], figures: { 'back, s': [1, 4] } },
  ]);
  expect(together([])).toEqual([]);
});

describe('runs of one fault', () => {
  const run = (began: string, load: readonly [number, number], value: number) => {
    const record = new FaultRecord('kills', '', {});
    record.did(40);
    record.saw('back, s', value);
    return { ...record.outcome(), began: `2026-11-30T${began}:00.000Z`, seconds: 600, load };
  };

  it('are summed up, with the time they took and not the time between them', () => {
    const [first, second] = [run('22:00', [3, 5], 1), run('23:30', [9, 1], 2)];
    const [sum] = sumOfRuns([first, second]);
    expect(sum).toMatchObject({ rounds: 80, seconds: 1200, load: [1, 9], figures: { 'back, s': [1, 2] } });
    expect(tableOf(sumOfRuns([first, second]))).toContain(
      '| 80 | 0 | back, s: 1.5 (1.0–2.0) | 2026-11-30 22:00 to 2026-11-30 23:40, 2 runs, 1200 s, load 1.0 to 9.0 |',
    );
  });

  it('are told as they are where there is one, or none', () => {
    const one = run('22:00', [5, 3], 1);
    expect(sumOfRuns([one])).toEqual([one]);
    expect(sumOfRuns([])).toEqual([]);
  });
});

describe('the table that is kept', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reliability.md'), 'utf8');

  it('has a row for every fault, in order', () => {
    const places = faultNames.map((name) => page.indexOf(`| ${rowOf(name).fault} | ${rowOf(name).bound} |`));
    expect(places.filter((place) => place < 0)).toEqual([]);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('takes new outcomes and keeps the rows of faults that were not run again', () => {
    const first = new FaultRecord('cuts', '', {});
    first.saw('back, s', 1);
    const second = new FaultRecord('roam', '', {});
    const both = mergeTable(mergeTable(page, [first.outcome()]), [second.outcome()]);
    expect(both).toMatch(/back, s: 1\.0 \(1\.0–1\.0\)/);
    expect(mergeTable(both, [])).toBe(both);
  });

  it('names files that are there', () => {
    const files = faultNames.flatMap((name) => rowOf(name).files ?? []);
    expect(files.filter((file) => !existsSync(join(import.meta.dirname, '../..', file)))).toEqual([]);
  });
});
