import { describe, expect, it } from 'vitest';
import { arms, beside, linkNames, over, small, spansOf } from './figures.ts';
import { describeGoal, type Goal, goals, type Look, measuredBy, outcomeOf } from './goals.ts';
import { spreadOf } from './statistics.ts';

const look =
  (values: Readonly<Record<string, readonly number[]>>): Look =>
  (arm, figure) =>
    spreadOf(values[`${arm}|${figure}`] ?? []);
const values = look({
  'Slipway|rate': [100, 60, 90],
  'direct route|rate': [100],
  'kubevpn|rate': [0],
  'Slipway|alone': [10],
  'Slipway|busy': [25],
});
const base: Goal = { figure: 'rate', arm: arms.ours, bound: '≥', limit: 0.85 };

describe('a goal', () => {
  it.each<[Partial<Goal>, string, ReturnType<typeof outcomeOf>]>([
    [{ limit: 90 }, '≥ 90', 'reached'],
    [{ bound: '≤', limit: 89 }, '≤ 89', 'not reached'],
    [{ against: { arm: arms.bare } }, '≥ 0.85 × direct route', 'reached'],
    [{ against: { arm: arms.bare }, of: 'least' }, 'least ≥ 0.85 × direct route', 'not reached'],
    [{ against: { arm: arms.kubevpn } }, '≥ 0.85 × kubevpn', 'not measured'],
    [{ against: { arm: arms.portForward } }, '≥ 0.85 × kubectl port-forward', 'not measured'],
    [{ figure: 'busy', bound: '≤', limit: 2, against: { figure: 'alone' } }, '≤ 2 × alone', 'not reached'],
    [
      { bound: '≤', limit: 0.25, against: { arm: arms.bare, isDifference: true } },
      '≤ 0.25 more than direct route',
      'reached',
    ],
    [{ arm: arms.ourDirect }, 'Slipway, direct path ≥ 0.85', 'not measured'],
  ])('%o says "%s" and was %s', (part, text, outcome) => {
    const goal = { ...base, ...part };
    expect(describeGoal(goal)).toBe(text);
    expect(outcomeOf(goal, values)).toBe(outcome);
  });
  it('with a difference is about what is added', () => {
    expect(measuredBy({ ...base, against: { arm: arms.bare, isDifference: true } }, values)).toBe(-10);
  });
});

describe('the goals', () => {
  it('are about figures that are measured', () => {
    const transfers = linkNames.flatMap((link) => spansOf(link).map(({ name }) => over(link, name)));
    const smalls = linkNames.flatMap((link) =>
      Object.values(small).flatMap((what) => [what, beside(1, what), beside(8, what)].map((name) => over(link, name))),
    );
    const others = /^(memory of|connect,|one agent,|no delay: name from)|, processor of engine and agent$/;
    const unknown = goals.filter(({ figure }) => ![...transfers, ...smalls].includes(figure) && !others.test(figure));
    expect(unknown).toEqual([]);
  });
  it('ask each thing once', () => {
    const questions = goals.map(({ figure, arm, of, limit, bound }) => `${figure}|${arm}|${of}|${limit}|${bound}`);
    expect(new Set(questions).size).toBe(questions.length);
  });
});
