/** What was measured, by arm and figure, and the Markdown that says it. */
import { describeSpread, short, spreadOf } from './statistics.ts';

export interface Figure {
  readonly name: string;
  readonly unit: 'Mbit/s' | 'ms' | 'MiB';
}

/** The arm that ratios are against. */
export const peer = 'kubectl port-forward';
export const ours = 'Slipway';

export class Measurements {
  readonly #figures: Figure[] = [];
  readonly #values = new Map<string, number[]>();
  readonly #arms: string[] = [];

  add(arm: string, figure: Figure, value: number): void {
    if (!this.#arms.includes(arm)) {
      this.#arms.push(arm);
    }
    if (!this.#figures.some(({ name }) => name === figure.name)) {
      this.#figures.push(figure);
    }
    const key = `${arm}|${figure.name}`;
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }

  of(arm: string, figure: Figure): readonly number[] {
    return this.#values.get(`${arm}|${figure.name}`) ?? [];
  }

  /** A table with a row for each figure; the ratio is of medians, Slipway to port-forward. */
  markdown(): string {
    const arms = ['direct route', peer, ours].filter((arm) => this.#arms.includes(arm));
    const rows = this.#figures.map((figure) => {
      const cells = arms.map((arm) => {
        const values = this.of(arm, figure);
        return values.length === 0 ? '' : describeSpread(spreadOf(values));
      });
      return [`${figure.name}, ${figure.unit}`, ...cells, this.#ratio(figure)];
    });
    const heads = ['median (least–most)', ...arms, `${ours} / ${peer}`];
    return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  }

  #ratio(figure: Figure): string {
    const [mine, theirs] = [this.of(ours, figure), this.of(peer, figure)];
    return mine.length === 0 || theirs.length === 0 ? '' : short(spreadOf(mine).median / spreadOf(theirs).median);
  }
}
