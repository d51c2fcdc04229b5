import { expect, test } from 'vitest';
import type { Route } from '../../contract/index.ts';
import { service } from '../../fakes/service.ts';
import { problemsOfRoutes } from '../routing/outside-routes.ts';

const route = (prefix: string, more: Partial<Route> = {}): Route => ({
  prefix,
  kind: 'services',
  origin: 'service-cidr',
  decision: 'routed',
  reason: '',
  conflict: '',
  interface: '',
  ...more,
});
const catalogue = (...addresses: string[]) => ({
  namespaces: ['lone'],
  services: addresses.map((address, index) => service('lone', `s${index}`, address, [])),
  problems: [],
});
const told = (routes: Route[], ...addresses: string[]) =>
  problemsOfRoutes(routes, catalogue(...addresses)).map(({ code, cause, severity }) => ({ code, cause, severity }));

test('ranges that the cluster named, with all Services in them, need no words', () => {
  expect(told([route('10.96.0.0/16')], '10.96.1.1', '10.96.255.255')).toEqual([]);
  expect(problemsOfRoutes([], null)).toEqual([]);
});

test('that ranges are guesses is said once, with all of them', () => {
  const routes = [
    route('10.96.33.0/24', { origin: 'observed-services' }),
    route('10.244.1.0/24', { kind: 'pods', origin: 'observed-pods' }),
  ];
  expect(told(routes, '10.96.33.5')).toEqual([
    { code: 'ranges-guessed', severity: 'info', cause: expect.stringContaining('10.96.33.0/24, 10.244.1.0/24') },
  ]);
});

test('Services outside are counted and named, a few of them', () => {
  const addresses = Array.from({ length: 7 }, (_, index) => `10.97.0.${index}`);
  expect(told([route('10.96.0.0/16')], '10.96.0.1', ...addresses)).toEqual([
    {
      code: 'services-outside',
      severity: 'warning',
      cause: expect.stringMatching(/: 7, namely s1\.lone \(10\.97\.0\.0\), .*s5\.lone \(10\.97\.0\.4\), …$/),
    },
  ]);
});

test.each(['refused', 'excluded'] as const)('a Service in a range that is %s is not outside', (decision) => {
  expect(told([route('10.96.0.0/16', { decision })], '10.96.0.1')).toEqual([]);
});

test('Services in what the laptop keeps are named, once for each network', () => {
  const kept = { reason: 'own-subnet', conflict: '10.96.4.0/24', interface: 'docker0' };
  const cuts = [
    { prefix: '10.96.4.0/24', ...kept },
    { prefix: '10.96.9.9/32', reason: 'resolver', conflict: '10.96.9.9', interface: '' },
    { prefix: '10.96.77.0/24', ...kept, conflict: '10.96.77.0/24' },
  ];
  const routes = [route('10.96.0.0/16', { decision: 'narrowed', hosts: 1, cuts })];
  expect(told(routes, '10.96.0.1', '10.96.4.1', '10.96.4.255', '10.96.9.9')).toEqual([
    {
      ...{ code: 'services-cut', severity: 'warning' },
      cause: expect.stringMatching(
        /10\.96\.4\.0\/24 on docker0 .* 2 .*s1\.lone \(10\.96\.4\.1\), s2\.lone \(10\.96\.4\.255\)$/,
      ),
    },
    { code: 'services-cut', severity: 'warning', cause: expect.stringMatching(/10\.96\.9\.9 .* 1 .*s3\.lone/) },
  ]);
});

test('so are headless Services, whose names mean their pods', () => {
  const cuts = [{ prefix: '10.244.1.0/25', reason: 'own-subnet', conflict: '10.244.1.0/25', interface: 'wlan0' }];
  const headless = {
    ...service('lone', 'peers', '10.96.0.1', ['10.244.1.7', '10.244.2.7']),
    headless: true,
    addresses: [],
  };
  const found = problemsOfRoutes([route('10.244.0.0/16', { kind: 'pods', decision: 'cut', cuts })], {
    ...{ namespaces: ['lone'], problems: [] },
    services: [headless, service('lone', 'orders', '10.96.0.2', ['10.244.1.8'])],
  });
  expect(found.map(({ cause }) => cause)).toEqual([
    expect.stringContaining('10.96.0.2'),
    expect.stringMatching(/ 1 .*peers\.lone \(10\.244\.1\.7\)$/),
  ]);
});

test('hosts that found no place are counted', () => {
  const routes = [route('10.96.0.0/16', { decision: 'narrowed', hosts: 10_000, leftOut: 12 })];
  expect(told(routes)).toMatchObject([
    { code: 'hosts-left-out', cause: expect.stringMatching(/^12 .* 10\.96\.0\.0\/16/) },
  ]);
});
