import { describe, expect, it } from 'vitest';
import type { Connection, Context, PinnedService, Snapshot } from '../app/contract/index.ts';
import { problem } from '../app/contract/index.ts';
import { mostRows, short, type TrayState, trayLook, trayRows } from './tray-rows.ts';
import { chinese, english } from './words.ts';

const cluster = { context: 'test-frankfurt', file: '/k', server: 'https://10.0.0.1' };
const because = problem('tunnel-silent', 'no answer');
const names = {
  mode: 'resolved' as const,
  resolver: '198.18.0.2',
  clusterDomain: 'cluster.local',
  domains: [],
  search: [],
  upstreams: [],
  refused: [],
};
const connected: Connection = {
  phase: 'connected',
  cluster,
  since: 0,
  path: 'apiserver',
  interface: 'slipway0',
  routes: [],
  names,
  agent: { namespace: 'dev', pod: 'a', build: 'b', delivery: 'sent', image: '' },
  homeNamespace: 'webshop',
  roundTripMicroseconds: 0,
  bytesUp: 0,
  bytesDown: 0,
  degraded: [],
  checkedAt: 0,
  done: [],
};
const phases: Readonly<Record<string, Connection>> = {
  off: { phase: 'off', cluster, last: null },
  preparing: {
    phase: 'preparing',
    cluster,
    attempt: 1,
    startedAt: 0,
    step: 'agent',
    stepStartedAt: 0,
    detail: '',
    done: [],
  },
  connected,
  degraded: { ...connected, degraded: [because] },
  reconnecting: {
    phase: 'reconnecting',
    cluster,
    since: 0,
    lostAt: 0,
    attempt: 1,
    nextTryAt: 0,
    because,
    hostKept: true,
    routes: [],
    names,
    homeNamespace: 'webshop',
  },
  disconnecting: { phase: 'disconnecting', cluster, startedAt: 0 },
  failed: {
    phase: 'failed',
    cluster,
    at: 0,
    step: 'agent',
    milliseconds: 1,
    done: [],
    because,
    leftOnHost: 0,
    retry: 'offered',
    nextTryAt: null,
  },
};

function snapshot(connections: Connection[]): Snapshot {
  return {
    revision: 1,
    build: 'b',
    processId: 1,
    wanted: [],
    connections,
    helper: { state: 'absent', program: '/opt/Slipway/resources/native/bin/slipway-helper', isClone: false },
    contextsRevision: 0,
    settingsRevision: 0,
    work: [],
  };
}

function context(name: string, more: Partial<Context> = {}): Context {
  return {
    name,
    file: '/k',
    cluster: 'c',
    server: 's',
    user: 'u',
    namespace: '',
    current: false,
    authentication: 'token',
    execPlugin: null,
    parts: [],
    digest: 'd',
    confirmed: true,
    changes: [],
    confirmedEarlier: false,
    lastUsedAt: 1,
    problem: null,
    ...more,
  };
}

const pinned: PinnedService[] = Array.from({ length: 20 }, (_, index) => ({
  context: cluster.context,
  file: cluster.file,
  namespace: 'webshop',
  name: `orders-${index}`,
}));
const contexts = Array.from({ length: 30 }, (_, index) => context(`context-${index}`, { lastUsedAt: index }));

function state(name: string): TrayState {
  const connection = phases[name];
  return { snapshot: snapshot(connection === undefined ? [] : [connection]), contexts, pinned };
}

describe('the tray', () => {
  it.each([...Object.keys(phases), 'nothing'])(
    'has at most twelve flat rows when %s, a status first and quit last',
    (name) => {
      for (const words of [english, chinese]) {
        const rows = trayRows(state(name), words);
        expect(rows.length).toBeLessThanOrEqual(mostRows);
        expect(rows[0]?.kind).toBe('status');
        expect(rows.at(-1)?.kind).toBe('quit');
        expect(rows.every((row) => row.kind === 'separator' || row.label !== '')).toBe(true);
      }
    },
  );

  it.each([
    ['off', 'off'],
    ['preparing', 'busy'],
    ['connected', 'on'],
    ['degraded', 'trouble'],
    ['reconnecting', 'trouble'],
    ['failed', 'trouble'],
  ])('looks when %s: %s', (name, look) => {
    expect(trayLook(state(name))).toBe(look);
  });

  it('says what is broken in place of a plain "connected"', () => {
    const taken = problem('route-taken', 'by vpn0', { prefix: '10.96.0.0/16' });
    const broken = { ...state('connected'), snapshot: snapshot([{ ...connected, degraded: [taken] }]) };
    expect(trayRows(broken, english)[0]?.kind === 'status' && trayRows(broken, english)[0]).toMatchObject({
      label: expect.stringMatching(/^test-frankfurt: Packets to 10\.96/),
    });
    expect(trayLook(broken)).toBe('trouble');
  });

  it('does not count a connection that failed and tries again as on, and lets it be stopped', () => {
    const failed = { ...phases.failed, retry: 'automatic', nextTryAt: 9 } as Connection;
    const rows = trayRows({ ...state('failed'), snapshot: snapshot([failed]) }, english);
    expect(rows[0]).toMatchObject({ kind: 'status', label: 'test-frankfurt could not be connected' });
    expect(rows[1]).toMatchObject({ kind: 'disconnect', label: 'Stop trying' });
    expect(rows.some(({ kind }) => kind === 'copy')).toBe(false);
    expect(rows.length).toBeLessThanOrEqual(mostRows);
  });

  it('says when the core does not answer, and offers nothing that needs it', () => {
    const rows = trayRows({ snapshot: null, contexts: [], pinned: [] }, english);
    expect(rows.map(({ kind }) => kind)).toEqual(['status', 'separator', 'open', 'diagnostics', 'quit']);
    expect(trayLook({ snapshot: null, contexts: [], pinned: [] })).toBe('trouble');
  });

  it('offers the contexts that were used last, never one that nobody confirmed', () => {
    const some = [
      context('new', { confirmed: false }),
      context('old', { lastUsedAt: 1 }),
      context('last', { lastUsedAt: 9 }),
    ];
    const rows = trayRows({ snapshot: snapshot([]), contexts: some, pinned: [] }, english);
    expect(rows.flatMap((row) => (row.kind === 'connect' ? [row.context] : []))).toEqual(['last', 'old']);
  });

  it('copies the full name of a pinned Service of the cluster that is on', () => {
    const foreign = { context: 'other', file: '/k', namespace: 'x', name: 'y' };
    const rows = trayRows({ ...state('connected'), pinned: [foreign, ...pinned] }, english);
    const copied = rows.flatMap((row) => (row.kind === 'copy' ? [row.text] : []));
    expect(copied[0]).toBe('orders-0.webshop.svc.cluster.local');
    expect(copied).not.toContain('y.x.svc.cluster.local');
  });

  it('shows each of several clusters that are on, the one in trouble first, and offers others', () => {
    const other = { ...cluster, context: 'staging-eu' };
    const broken = { ...phases.reconnecting, cluster: other } as Connection;
    const both = { snapshot: snapshot([connected, broken]), contexts: [context('staging-eu'), ...contexts], pinned };
    const rows = trayRows(both, english);
    expect(trayLook(both)).toBe('trouble');
    expect(rows[0]).toMatchObject({ kind: 'status', label: 'Reconnecting to staging-eu' });
    expect(rows.flatMap((row) => (row.kind === 'disconnect' ? [row.label] : []))).toEqual([
      'Disconnect staging-eu',
      'Disconnect test-frankfurt',
    ]);
    expect(rows.flatMap((row) => (row.kind === 'connect' ? [row.context] : []))).not.toContain('staging-eu');
    expect(rows.filter(({ kind }) => kind === 'connect').length).toBeGreaterThan(0);
    const eight = Array.from({ length: 8 }, (_, index) => ({
      ...connected,
      cluster: { ...cluster, context: `c-${index}` },
    }));
    expect(trayRows({ ...both, snapshot: snapshot(eight) }, english)).toHaveLength(mostRows);
  });

  it('copies the name with its suffix where another cluster has the plain ones', () => {
    const second: Connection = { ...connected, names: { ...names, mode: 'elsewhere', suffix: 'frankfurt-2' } };
    const rows = trayRows({ ...state('connected'), snapshot: snapshot([second]) }, english);
    expect(rows.flatMap((row) => (row.kind === 'copy' ? [row.text] : []))[0]).toBe(
      'orders-0.webshop.svc.cluster.local.frankfurt-2',
    );
  });

  it('shows names as text: no control characters, no mnemonics, bounded', () => {
    expect(short('a\u202eb\u0007c\u200b')).toBe('abc');
    expect(short('a&b')).toBe('a&&b');
    expect(short('x'.repeat(500)).length).toBeLessThanOrEqual(48);
  });
});
