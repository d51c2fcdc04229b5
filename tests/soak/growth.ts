/** How a value grows over hours. */
export interface Sample {
  readonly hours: number;
  readonly value: number;
}

/** The slope of the line with the least squares through the samples: how much the value grows in an hour. */
export function growthOf(samples: readonly Sample[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const [time, level] = [mean(samples.map(({ hours }) => hours)), mean(samples.map(({ value }) => value))];
  const squares = samples.reduce((sum, { hours }) => sum + (hours - time) ** 2, 0);
  return samples.reduce((sum, { hours, value }) => sum + (hours - time) * (value - level), 0) / squares;
}
