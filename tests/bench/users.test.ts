import { describe, expect, it } from 'vitest';
import { parseUsers } from './users.ts';

const printed = `goos: linux
cpu: Some CPU @ 3 GHz
BenchmarkUsers/1-2 \t     100\t   2441182 ns/op\t      3274 KiB-heap/user\t        38.00 goroutines/user\t      1929 idle-us/user/s
BenchmarkUsers/100-2 \t     300\t   1.5e+06 ns/op\t      -512 KiB-resident/user\t 1 something/else
BenchmarkOther/100-2 \t     300\t   1 ns/op
PASS
`;

describe('parseUsers', () => {
  it('reads what the benchmark of the agent prints, in units of the table', () => {
    expect(parseUsers(printed).map(({ figure, value }) => [figure.name, figure.unit, value])).toEqual([
      ['one agent, 1 laptop: request there and back', 'ms', 2441182 / 1e6],
      ['one agent, 1 laptop: heap for each', 'MiB', 3274 / 1024],
      ['one agent, 1 laptop: goroutines for each', 'each', 38],
      ['one agent, 1 laptop: processor at rest for each', 'ms/s', 1.929],
      ['one agent, 100 laptops: request there and back', 'ms', 1.5],
      ['one agent, 100 laptops: resident for each', 'MiB', -0.5],
    ]);
  });
  it('has nothing of a run that measured nothing', () => {
    expect(parseUsers('PASS\nok slipway/native/internal/agent 0.1s\n')).toEqual([]);
  });
});
