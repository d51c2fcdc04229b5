import { expect, test } from 'vitest';
import { routesInside, toolProblems } from './requirements.ts';

test('what is missing is named with what has it, and nothing of it is Debian’s own', () => {
  expect(toolProblems([])).toEqual([]);
  const [problem] = toolProblems(['go', 'sh']);
  expect(problem?.cause).toBe('Not found in PATH: go, sh.');
  expect(problem?.fix).toMatch(/^Install Go \(.*\), a shell such as dash\.$/);
  expect(JSON.stringify(problem)).not.toMatch(/\bapt\b|dpkg/);
});

// As the kernel prints them on a machine with little-endian words.
const table = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  'tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0',
  'slipway-lan\t0000570A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  'docker0\t8000570A\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0',
  'other\t0001570A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
].join('\n');

test('routes to parts of the LAN are found among all', () => {
  expect(routesInside('10.87.0.0/24', table)).toEqual([
    { range: '10.87.0.0/24', device: 'slipway-lan' },
    { range: '10.87.0.128/25', device: 'docker0' },
  ]);
  expect(routesInside('10.86.0.0/24', table)).toEqual([]);
  expect(routesInside('10.87.0.0/24', '')).toEqual([]);
});
