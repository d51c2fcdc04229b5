/** What is to be reached, and whether it was. A goal is about medians, but where it says `least`. */
import {
  type ArmName,
  arms,
  beside,
  besideFlows,
  bothOfUs,
  connecting,
  memoryOf,
  over,
  small,
  spansOf,
  usersFigure,
} from './figures.ts';
import type { Spread } from './statistics.ts';

/** What a figure is measured against: another arm, another figure of the same arm, or both; a ratio where it is no difference. */
export interface Against {
  readonly arm?: ArmName;
  readonly figure?: string;
  readonly isDifference?: boolean;
}

export interface Goal {
  readonly figure: string;
  readonly arm: ArmName;
  readonly bound: '≥' | '≤';
  readonly limit: number;
  readonly against?: Against;
  readonly of?: 'least'; // of the rounds
}

const { bare, portForward, ours, ourDirect, ourMapped } = arms;

/** The goals of issues 10 and 11 that this run can judge. wireguard-go between two kernel TUNs is no arm: ADR 37 measured it. */
export const goals: readonly Goal[] = [...noDelay(), ...longPath(), ...lossyPath(), ...besideBulk(), ...smallThings()];

function noDelay(): Goal[] {
  const against = { arm: portForward };
  const rows: readonly [string, '≥' | '≤', number][] = [
    ['1 flow up', '≥', 1.2],
    ['1 flow down', '≥', 1.1],
    ['8 flows up', '≥', 2.5],
    ['8 flows down', '≥', 1.4],
    [small.connectP50, '≤', 0.75],
    [small.requestP50, '≤', 1.1],
  ];
  return [
    ...rows.map(([what, bound, limit]): Goal => ({ figure: over('none', what), arm: ours, bound, limit, against })),
    ...spansOf('none').map(
      ({ name }): Goal => ({
        figure: over('none', name),
        arm: ourMapped,
        bound: '≥',
        limit: 0.95,
        against: { arm: ours },
      }),
    ),
    {
      figure: over('none', small.requestP50),
      arm: ourDirect,
      bound: '≤',
      limit: 0.25,
      against: { arm: bare, isDifference: true },
    },
  ];
}

function longPath(): Goal[] {
  const against = { arm: bare };
  const transfers = spansOf('40ms').flatMap(({ name }): Goal[] => {
    const goal = { figure: over('40ms', name), arm: ours, bound: '≥', against } as const;
    return [
      { ...goal, limit: 0.95 },
      { ...goal, limit: 0.85, of: 'least' },
    ];
  });
  return [...transfers, { figure: over('40ms', small.connectP50), arm: ours, bound: '≤', limit: 85 }];
}

function lossyPath(): Goal[] {
  const against = { arm: bare };
  return spansOf('40ms-loss').flatMap(({ name, flows }): Goal[] => {
    const goal = { figure: over('40ms-loss', name), bound: '≥', against } as const;
    const one: Goal[] = [
      { ...goal, arm: ours, limit: 2 },
      { ...goal, arm: ourDirect, limit: 3 },
    ];
    return flows === 1 ? one : [{ ...goal, arm: ours, limit: 0.9 }];
  });
}

function besideBulk(): Goal[] {
  return besideFlows.flatMap((flows) =>
    [small.connectP95, small.requestP95].map(
      (what): Goal => ({
        figure: over('none', beside(flows, what)),
        arm: ours,
        bound: '≤',
        limit: 2,
        against: { figure: over('none', what) },
      }),
    ),
  );
}

function smallThings(): Goal[] {
  const most = (figure: string, limit: number, arm: ArmName = ours): Goal => ({ figure, arm, bound: '≤', limit });
  const processor = spansOf('none').flatMap(({ name }) =>
    [ours, ourDirect].map((arm) => most(over('none', `${name}, processor of ${bothOfUs}`), 0.3, arm)),
  );
  return [
    ...processor,
    most(over('none', 'name from cache p50'), 0.2),
    most(over('none', 'name from the cluster p50'), 0.6),
    most(connecting.waiting, 500),
    most(connecting.cold, 1500),
    most(memoryOf('engine and helper', 'at rest'), 60),
    most(memoryOf('engine and helper', 'under load'), 100),
    most(memoryOf('agent', 'at rest'), 16),
    most(memoryOf('agent', 'under load'), 128),
    most(memoryOf('core', 'under load'), 90),
    // Linear: one of a hundred costs no more than one alone; a tenth for the spread.
    { ...most(usersFigure(100, 'heap for each'), 1.1), against: { figure: usersFigure(1, 'heap for each') } },
  ];
}

/** Values of an arm's figure; without any, the median is NaN. */
export type Look = (arm: string, figure: string) => Spread;

/** What a goal is about, as a number; NaN where something of it was not measured, or there is nothing to divide by. */
export function measuredBy(
  { figure, arm, against, of }: Pick<Goal, 'figure' | 'arm' | 'against' | 'of'>,
  look: Look,
): number {
  const value = look(arm, figure)[of ?? 'median'];
  if (against === undefined) {
    return value;
  }
  const other = look(against.arm ?? arm, against.figure ?? figure).median;
  if (against.isDifference) {
    return value - other;
  }
  return other === 0 ? Number.NaN : value / other;
}

export type Outcome = 'reached' | 'not reached' | 'not measured';

export function outcomeOf(goal: Goal, look: Look): Outcome {
  const value = measuredBy(goal, look);
  if (Number.isNaN(value)) {
    return 'not measured';
  }
  return (goal.bound === '≥' ? value >= goal.limit : value <= goal.limit) ? 'reached' : 'not reached';
}

/** `1.31 × kubectl port-forward`: a number with what it is measured against. */
export function withPeer(against: Against | undefined, number: string): string {
  const peer = against?.arm ?? against?.figure;
  if (against === undefined || peer === undefined) {
    return number;
  }
  return against.isDifference ? `${number} more than ${peer}` : `${number} × ${peer}`;
}

/** `≥ 1.2 × kubectl port-forward`, with the arm where it is not Slipway over the API server. */
export function describeGoal({ bound, limit, arm, of, against }: Goal): string {
  return `${whose(arm, of)}${bound} ${withPeer(against, `${limit}`)}`;
}

/** What a value is of, with a blank behind it; nothing for the usual, the median of Slipway over the API server. */
export function whose(arm: ArmName, of?: 'least'): string {
  return `${arm === ours ? '' : `${arm} `}${of === undefined ? '' : `${of} `}`;
}
