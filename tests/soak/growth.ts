/** How a value grows over hours, and whether a count stays. */
export interface Sample {
  readonly hours: number;
  readonly value: number;
}

export interface Growth {
  /** How much the value grows in an hour: the slope of the line with the least squares through the samples. */
  readonly perHour: number;
  /** How much it grows at most, as far as the samples scatter around that line: the upper end of the slope's 95 % interval. */
  readonly atMost: number;
}

/** For at least three samples. */
export function growthOf(samples: readonly Sample[]): Growth {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const [time, level] = [mean(samples.map(({ hours }) => hours)), mean(samples.map(({ value }) => value))];
  const squares = samples.reduce((sum, { hours }) => sum + (hours - time) ** 2, 0);
  const perHour = samples.reduce((sum, { hours, value }) => sum + (hours - time) * (value - level), 0) / squares;
  const rest = samples.reduce((sum, { hours, value }) => sum + (value - level - perHour * (hours - time)) ** 2, 0);
  const error = Math.sqrt(rest / (samples.length - 2) / squares);
  return { perHour, atMost: perHour + studentQuantile(samples.length - 2) * error };
}

/**
 * The 97.5 % quantile of Student's distribution, to a hundredth from three degrees of freedom on: Cornish and Fisher's expansion
 * around that of the normal distribution (Abramowitz and Stegun, 26.7.5). Of one and two it is exact.
 */
function studentQuantile(freedom: number): number {
  const normal = 1.959964;
  const exact = [12.7062, 4.30265][freedom - 1];
  const terms = [
    (normal ** 3 + normal) / 4,
    (5 * normal ** 5 + 16 * normal ** 3 + 3 * normal) / 96,
    (3 * normal ** 7 + 19 * normal ** 5 + 17 * normal ** 3 - 15 * normal) / 384,
  ];
  return exact ?? terms.reduce((sum, term, index) => sum + term / freedom ** (index + 1), normal);
}

/** Whether a count went up for good: all of the second half are more than all of the first. */
export function rises(samples: readonly Sample[]): boolean {
  const values = samples.map(({ value }) => value);
  const half = Math.floor(values.length / 2);
  return half > 0 && Math.min(...values.slice(half)) > Math.max(...values.slice(0, half));
}
