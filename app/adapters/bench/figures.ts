/** What was measured, as figures. Pure. */
import type { Latency } from '../../contract/index.ts';

/** Of a transfer, in bits a second: on the whole, and of the slowest and the fastest slice of it. */
export interface Throughput {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  readonly bytes: number;
}

/** How many bytes had been moved when; milliseconds of one clock. */
export interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** Null of nothing. The nearest rank: always one that was measured. */
export function latencyOf({
  took,
  unanswered,
}: {
  readonly took: readonly number[];
  readonly unanswered: number;
}): Latency | null {
  const sorted = [...took].sort((one, other) => one - other);
  const rank = (share: number) => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? null;
  const count = sorted.length;
  return count + unanswered === 0 ? null : { p50: rank(0.5), p95: rank(0.95), count, unanswered };
}

/** From the sample at the end of `warmUp` milliseconds on: windows and buffers have grown by then. Null where nothing moved. */
export function throughputOf(samples: readonly Sample[], warmUp: number): Throughput | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) {
    return null;
  }
  const warm = samples.filter(({ at }) => at - first.at >= warmUp);
  // What was over before that, or stood still from then on, is taken whole.
  const counted = warm.length >= 2 && last.bytes > (warm[0]?.bytes ?? 0) ? warm : samples;
  const rates = counted.slice(1).map((sample, index) => rateBetween(counted[index] ?? first, sample));
  const mean = rateBetween(counted[0] ?? first, last);
  return last.bytes === 0
    ? null
    : { mean, least: Math.min(mean, ...rates), most: Math.max(mean, ...rates), bytes: last.bytes };
}

function rateBetween(one: Sample, other: Sample): number {
  return other.at > one.at ? ((other.bytes - one.bytes) * 8000) / (other.at - one.at) : 0;
}

/** `5.61 Mbit/s`, `965 Mbit/s`. */
export function rateText(bitsPerSecond: number): string {
  const megabits = bitsPerSecond / 1e6;
  return `${megabits >= 100 ? megabits.toFixed(0) : megabits >= 10 ? megabits.toFixed(1) : megabits.toFixed(2)} Mbit/s`;
}
