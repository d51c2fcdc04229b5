/** One agent with many simulated laptops: BenchmarkUsers of native/internal/agent, and how its lines are read. */
import { join } from 'node:path';
import { must } from '../cluster/programs.ts';
import { type Figure, usersFigure } from './figures.ts';
import { hostEnvironment } from './load-server.ts';

export interface UsersValue {
  readonly figure: Figure;
  readonly value: number;
}

/** By the units of the benchmark: ours, how many of theirs are one of ours, and what it is. */
const meanings: Readonly<Record<string, { unit: Figure['unit']; per: number; what: string }>> = {
  'KiB-heap/user': { unit: 'MiB', per: 1024, what: 'heap for each' },
  'KiB-resident/user': { unit: 'MiB', per: 1024, what: 'resident for each' },
  'goroutines/user': { unit: 'each', per: 1, what: 'goroutines for each' },
  'descriptors/user': { unit: 'each', per: 1, what: 'descriptors for each' },
  'idle-us/user/s': { unit: 'ms/s', per: 1000, what: 'processor at rest for each' },
  'us/request': { unit: 'µs', per: 1, what: 'processor for a request' },
  'ns/op': { unit: 'ms', per: 1e6, what: 'request there and back' },
};

/** Reads what `go test -bench` prints: name, count, and pairs of value and unit. Lines and units of others are left out. */
export function parseUsers(text: string): UsersValue[] {
  return [...text.matchAll(/^BenchmarkUsers\/(\d+)(?:-\d+)?\s+\d+\s+(.+)$/gm)].flatMap(([, count, rest = '']) =>
    [...rest.matchAll(/([\d.e+-]+)\s+(\S+)/g)].flatMap(([, value, unit = '']) => {
      const meaning = meanings[unit];
      return meaning === undefined
        ? []
        : [
            {
              figure: { name: usersFigure(Number(count), meaning.what), unit: meaning.unit },
              value: Number(value) / meaning.per,
            },
          ];
    }),
  );
}

/** `native` is the folder of the Go module. */
export async function measureUsers(native: string): Promise<UsersValue[]> {
  const place = { enter: ['env', `--chdir=${native}`], environment: hostEnvironment() };
  const benchmark = ['-run', '^$', '-bench', '^BenchmarkUsers$', '-benchtime', '300x'];
  const text = await must(place, ['go', 'test', `./${join('internal', 'agent')}`, ...benchmark], { deadline: 600_000 });
  const values = parseUsers(text);
  if (values.length === 0) {
    throw new Error(`BenchmarkUsers said nothing that is understood\n${text}`);
  }
  return values;
}
