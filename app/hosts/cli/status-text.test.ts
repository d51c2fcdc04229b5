/** Whatever is the case, `status` fits a terminal of 24 lines and 80 columns, and says what is on, what is not and what to do. */
import { describe, expect, it } from 'vitest';
import { type Connection, catalogue, type Problem, type ProblemCode, problem } from '../../contract/index.ts';
import { details } from './connection-text.ts';
import { statusText } from './status-text.ts';

type Connected = Extract<Connection, { phase: 'connected' }>;

const cluster = { context: 'test-frankfurt', file: '/k', server: 'https://10.0.0.1' };
const connected: Connected = {
  phase: 'connected',
  cluster,
  since: 0,
  path: 'apiserver',
  interface: 'slipway0',
  routes: [
    {
      prefix: '10.96.0.0/16',
      kind: 'services',
      origin: 'service-cidr',
      decision: 'routed',
      reason: '',
      conflict: '',
      interface: '',
    },
  ],
  names: {
    mode: 'resolved',
    resolver: '198.18.0.3',
    clusterDomain: 'cluster.local',
    domains: ['cluster.local', 'svc'],
    search: ['webshop.svc.cluster.local'],
    upstreams: ['192.168.1.1'],
    refused: [],
  },
  agent: {
    namespace: 'webshop',
    pod: 'slipway-agent-0c4f81d2aa-x7k2p',
    build: 'b',
    delivery: 'sent',
    image: 'busybox',
  },
  homeNamespace: 'webshop',
  roundTripMicroseconds: 900,
  bytesUp: 1024,
  bytesDown: 2048,
  degraded: [],
  checkedAt: 0,
  done: [],
};

const long = 'a very long word of somebody '.repeat(40);
const facts = {
  context: 'c'.repeat(300),
  prefix: '10.96.0.0/16',
  image: 'i'.repeat(400),
  kind: 'pods',
  namespace: 'n'.repeat(63),
};
const every = (Object.keys(catalogue) as ProblemCode[]).map((code) =>
  problem(code, long, facts, 'kind: Role\n'.repeat(40)),
);
const forbidden: Problem[] = [
  'nodes',
  'services',
  'endpointslices',
  'namespaces',
  'pods',
  'events',
  'secrets',
  'x',
  'y',
  'z',
].map((resource) => ({
  ...problem('forbidden', `${resource} is forbidden: ${long}`, { verb: 'list', resource }, 'kind: Role'),
  severity: 'warning',
}));
const manyRoutes = Array.from({ length: 60 }, (_, index) => ({
  prefix: `10.${index}.0.0/24`,
  kind: 'pods' as const,
  origin: 'node-pod-cidr' as const,
  decision: (['routed', 'refused', 'narrowed', 'mapped'] as const)[index % 4] ?? ('cut' as const),
  reason: 'other-route',
  conflict: '10.0.0.0/8',
  interface: 'v'.repeat(15),
}));
const refused = Array.from({ length: 40 }, (_, index) => ({
  name: `${'long-name-'.repeat(5)}${index}.example.org`,
  reason: 'registrable',
  conflict: 'org',
  grantable: true,
}));
const worst: Connected = {
  ...connected,
  cluster: { ...cluster, context: 'arn:aws:eks:eu-central-1:123456789012:cluster/'.repeat(6) },
  routes: manyRoutes,
  names: { ...connected.names, clusterDomain: 'd.'.repeat(120), refused },
  agent: { ...connected.agent, namespace: 'n'.repeat(63), pod: 'p'.repeat(250) },
  homeNamespace: 'h'.repeat(63),
  degraded: every,
};
const because = every[3] as Problem;
const hostile = problem('internal', '\u001b[2J\u202e gone', {});

const kept = { prefix: '10.244.9.0/24', reason: 'own-subnet', conflict: '10.244.9.0/24', interface: 'docker0' };
const inPart: Connected = {
  ...connected,
  routes: connected.routes.flatMap((route) => [
    { ...route, decision: 'narrowed', reason: 'other-route', conflict: '10.0.0.0/8', interface: 'tun0', hosts: 52 },
    { ...route, prefix: '10.244.0.0/16', decision: 'cut', reason: 'own-subnet', cuts: [kept, kept], cutsMore: 3 },
  ]),
};

const cases: Readonly<Record<string, Connection>> = {
  whole: connected,
  'in part': inPart,
  'everything at once': worst,
  'everything at once, and no direct path': {
    ...worst,
    pathReason: {
      chosen: 'address',
      candidate: null,
      roundTripMicroseconds: 0,
      mtu: 0,
      tried: [{ kind: 'setting', host: 'g.'.repeat(120), port: 31_820, outcome: 'unreachable', detail: long }],
      nodeUnread: true,
    },
  },
  'a direct path': {
    ...connected,
    path: 'direct',
    pathReason: {
      chosen: 'node-port',
      candidate: { kind: 'node', host: '10.1.2.3', port: 31_820 },
      roundTripMicroseconds: 430,
      mtu: 1500,
      tried: [],
      nodeUnread: false,
    },
  },
  'ten missing rights': { ...connected, degraded: forbidden },
  'names off': { ...connected, names: { ...connected.names, mode: 'off' } },
  'nothing routed': { ...connected, routes: [] },
  ...Object.fromEntries(every.map((one) => [`degraded: ${one.code}`, { ...worst, degraded: [one] } as const])),
  ...Object.fromEntries(
    every.map((one) => [
      `failed: ${one.code}`,
      {
        phase: 'failed',
        cluster: worst.cluster,
        at: 0,
        step: 'agent',
        milliseconds: 1,
        done: [],
        because: one,
        leftOnHost: 3,
        retry: 'automatic',
        nextTryAt: 9000,
      } as const,
    ]),
  ),
  reconnecting: {
    phase: 'reconnecting',
    cluster: worst.cluster,
    since: 0,
    lostAt: 0,
    attempt: 3,
    nextTryAt: 0,
    because,
    hostKept: true,
    routes: manyRoutes,
    names: worst.names,
    homeNamespace: 'webshop',
  },
  preparing: {
    phase: 'preparing',
    cluster: worst.cluster,
    attempt: 1,
    startedAt: 0,
    step: 'agent',
    stepStartedAt: 0,
    detail: long,
    detailSaid: null,
    done: [],
  },
  hostile: { ...connected, degraded: [hostile] },
};

const told = (connection: Connection) => {
  const { facts: data, advice } = statusText(connection, 0);
  return [...data, ...advice];
};

describe('status on a screen', () => {
  it.each(Object.entries(cases))('%s fits 24 lines of 80 columns', (_, connection) => {
    const lines = told(connection);
    expect(lines.length).toBeLessThanOrEqual(23); // and the prompt
    expect(lines.filter((line) => line.length > 79)).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('says each kind once, with its number', () => {
    const lines = told({ ...connected, degraded: forbidden });
    expect(lines.filter((line) => line.includes('[forbidden]'))).toHaveLength(1);
    expect(lines.join('\n')).toContain('and 9 more of this kind');
    expect(lines.at(-1)).toContain('the Role to ask for');
  });

  it('says what is broken before what is only missing, with its cause and the next step', () => {
    const taken = problem('route-taken', 'packets to 10.96.0.1 leave by vpn0', { prefix: '10.96.0.0/16' });
    const { facts: data, advice } = statusText({ ...connected, degraded: [...forbidden, taken] }, 0);
    expect(data[1]).toMatch(/^ {2}degraded {2}route-taken, forbidden \(10\)$/);
    expect(advice[0]).toContain('[route-taken]');
    expect(advice[1]).toContain('leave by vpn0');
    expect(advice.join('\n')).toContain('run: ip rule');
  });

  it('says in plain English why a name is left out', () => {
    const names = {
      ...connected.names,
      refused: [{ name: 'dev', reason: 'public-suffix', conflict: 'dev', grantable: false }],
    };
    expect(told({ ...connected, names }).join('\n')).toContain(
      'not       *.dev: others own names below dev, a public suffix',
    );
  });

  it('has a line for the direct path where there is one, and for why there is none where one was asked for', () => {
    const lines = (name: string) => told(cases[name] as Connection).filter((line) => line.startsWith('  path'));
    expect(lines('whole')).toEqual([]);
    expect(lines('a direct path')).toEqual(['  path      direct, node 10.1.2.3:31820, 0.4 ms']);
    expect(lines('everything at once, and no direct path').join()).toContain('through the API server; setting g.g.');
  });

  it('says that it tries again, and what stops that', () => {
    const failed = cases['failed: api-unreachable'] as Connection;
    expect(told(failed).join('\n')).toMatch(/tries again in 9 s; .*disconnect` stops that/);
  });
});

it('-o wide prints the command that has the cluster asked for a domain that only it knows', () => {
  const offering = { ...connected, offeredDomains: ['corp.example'] };
  expect(details(offering).find((line) => line.includes('offered'))).toMatch(
    /corp\.example; .+ settings add extraDomains corp\.example --context test-frankfurt$/,
  );
  expect(details(connected).join('\n')).not.toContain('offered');
});

it('says the addresses that work beside those of the cluster', () => {
  const routes = connected.routes.flatMap((route) => [
    { ...route, decision: 'mapped' as const, reason: '', virtual: '198.19.0.0/16' },
    {
      ...{ ...route, prefix: '10.244.0.0/16', decision: 'cut' as const, reason: 'own-subnet' },
      cuts: [{ ...kept, virtual: '100.127.255.0/24' }],
    },
  ]);
  expect(statusText({ ...connected, routes }, 0).facts.slice(1, 4)).toEqual([
    '  routes    10.96.0.0/16, 10.244.0.0/16 through slipway0',
    '  in part   10.244.0.0/16 without 10.244.9.0/24 on docker0, by 100.127.255.0/24',
    '  mapped    10.96.0.0/16 by the addresses of 198.19.0.0/16',
  ]);
  expect(details({ ...connected, routes })).toEqual(
    expect.arrayContaining([
      '  route     10.96.0.0/16 mapped to 198.19.0.0/16 (services, from service-cidr)',
      '  not       10.244.9.0/24 stays with this computer and is mapped to 100.127.255.0/24: own-subnet docker0',
    ]),
  );
});

it('says what is in force of a range that is not routed as a whole, and whose the rest is', () => {
  expect(statusText(inPart, 0).facts.slice(1, 4)).toEqual([
    '  routes    10.96.0.0/16, 10.244.0.0/16 through slipway0',
    '  in part   10.96.0.0/16 to 52 addresses; tun0 keeps the rest of 10.0.0.0/8',
    '  in part   10.244.0.0/16 without 10.244.9.0/24 on docker0 and 4 more',
  ]);
  expect(details(inPart)).toEqual(
    expect.arrayContaining([
      '  route     10.96.0.0/16 narrowed to 52 addresses because other-route 10.0.0.0/8 tun0 (services, from service-cidr)',
      '  not       10.244.9.0/24 stays with this computer: own-subnet docker0',
      '  not       and 3 more parts',
    ]),
  );
});
