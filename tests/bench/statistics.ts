/** Medians with their spread, as the benchmark prints them. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** 965.3 → "965", 5.61 → "5.6", 0.214 → "0.21", 0.00418 → "0.0042". */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size < 0.1) {
    return `${Number(value.toPrecision(2))}`;
  }
  return value.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : 2);
}

export function describeSpread(spread: Spread): string {
  return `${short(spread.median)} (${short(spread.least)}–${short(spread.most)})`;
}
