/** What was measured, by arm and figure, and the Markdown that says it. */
import { type ArmName, arms, bySection, type Figure } from './figures.ts';
import { type Against, describeGoal, type Goal, measuredBy, outcomeOf, whose, withPeer } from './goals.ts';
import { describeSpread, type Spread, short, spreadOf } from './statistics.ts';

/** The order of the columns. */
const columns: readonly ArmName[] = Object.values(arms);

/** What is compared in each row where both were measured, goal or not. */
const comparisons: readonly { arm: ArmName; against: Against & { arm: ArmName } }[] = [
  ...([arms.portForward, arms.telepresence, arms.kubevpn] as const).map((arm) => ({
    arm: arms.ours,
    against: { arm },
  })),
  { arm: arms.ourDirect, against: { arm: arms.bare } },
];

export class Measurements {
  readonly #goals: readonly Goal[];
  readonly #figures: Figure[] = [];
  readonly #values = new Map<string, number[]>();
  /** Place of the figure that came last: one that only some arms have stands behind it, whichever arm began. */
  #latest = -1;

  constructor(goals: readonly Goal[]) {
    this.#goals = goals;
  }

  add(arm: ArmName, figure: Figure, value: number): void {
    const known = this.#figures.findIndex(({ name }) => name === figure.name);
    this.#latest = known === -1 ? this.#latest + 1 : known;
    if (known === -1) {
      this.#figures.splice(this.#latest, 0, figure);
    }
    const key = `${arm}|${figure.name}`;
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }

  #look = (arm: string, figure: string): Spread => spreadOf(this.#values.get(`${arm}|${figure}`) ?? []);

  /** A row for each figure: its arms, ratios of medians with the peer's name, and its goals with what became of them. */
  markdown(): string {
    const measured = columns.filter((arm) => [...this.#values.keys()].some((key) => key.startsWith(`${arm}|`)));
    const rows = bySection(this.#figures).map((figure) => {
      const cells = measured.map((arm) => {
        const spread = this.#look(arm, figure.name);
        return Number.isNaN(spread.median) ? '' : describeSpread(spread);
      });
      const goals = this.#goalsOf(figure);
      return [
        figure.unit === 'each' ? figure.name : `${figure.name}, ${figure.unit}`,
        ...cells,
        this.#ratios(figure, goals),
        goals.map(describeGoal).join('; '),
        goals.map((goal) => outcomeOf(goal, this.#look)).join('; '),
      ];
    });
    const heads = ['median (least–most)', ...measured, 'against', 'goal', 'reached?'];
    return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  }

  /** `12 of 40 goals reached, 3 not, 25 not measured.` */
  summary(): string {
    const outcomes = this.#goals.map((goal) => outcomeOf(goal, this.#look));
    const count = (what: string) => outcomes.filter((outcome) => outcome === what).length;
    return `${count('reached')} of ${outcomes.length} goals reached, ${count('not reached')} not, ${count('not measured')} not measured.`;
  }

  #goalsOf({ name }: Figure): readonly Goal[] {
    return this.#goals.filter(({ figure, arm }) => figure === name && !Number.isNaN(this.#look(arm, name).median));
  }

  #ratios({ name }: Figure, goals: readonly Goal[]): string {
    const wanted: readonly Pick<Goal, 'arm' | 'figure' | 'against' | 'of'>[] = [
      ...comparisons.map((one) => ({ ...one, figure: name })),
      ...goals.filter(({ against }) => against !== undefined),
    ];
    // Those that name no arm are Slipway's, so they come before the ones that do.
    const byArm = [arms.ours, arms.ourDirect].flatMap((arm) => wanted.filter((one) => one.arm === arm));
    const said = byArm.flatMap((one) => {
      const value = measuredBy(one, this.#look);
      return Number.isNaN(value) ? [] : [`${whose(one.arm, one.of)}${withPeer(one.against, short(value))}`];
    });
    return [...new Set(said)].join('; ');
  }
}
