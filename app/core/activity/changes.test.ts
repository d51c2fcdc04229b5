import { expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { situations } from '../connection/machine-samples.ts';
import type { ConnectionState } from '../connection/state.ts';
import { notesOfChange } from './changes.ts';

const { off, connected, failed } = situations;
const preparing = situations['preparing: engine connects'];
const lost = situations['tunnel lost'];
const undoing = situations['disconnecting: to off'];
const undoingToFailed = situations['disconnecting: to failed'];

const kinds = (before: ConnectionState | null, after: ConnectionState) =>
  notesOfChange(before, after, 2_000_000).map(({ kind }) => kind);

it.each<[string, ConnectionState | null, ConnectionState, readonly string[]]>([
  ['a connection that was never on', null, off, []],
  ['a connect', off, preparing, ['connect-asked']],
  ['a restored one', off, { ...preparing, persistent: true } as ConnectionState, []],
  ['a further try', failed, { ...preparing, attempt: 2 } as ConnectionState, []],
  ['the end of preparing', preparing, connected, ['agent-placed', 'connected', 'warning-appeared']],
  ['a loss', connected, lost, ['tunnel-lost']],
  ['a recovery', lost, connected, ['tunnel-recovered']],
  ['a disconnect', connected, undoing, ['disconnect-asked']],
  ['its end', undoing, off, ['disconnected']],
  ['a disconnect of what holds nothing', failed, off, ['disconnect-asked', 'disconnected']],
  ['a failure under way', preparing, undoingToFailed, []],
  ['a failure that ends a connection', connected, undoingToFailed, ['tunnel-lost']],
  ['its end as failed', undoingToFailed, failed, ['connect-failed']],
  ['a disconnect while it fails', undoingToFailed, undoing, ['disconnect-asked']],
])('tells %s', (_, before, after, expected) => {
  expect(kinds(before, after)).toEqual(expected);
});

it('tells nothing of what goes on within a phase', () => {
  for (const state of Object.values(situations)) {
    expect(kinds(state, { ...state, attempt: state.attempt + 1 } as ConnectionState)).toEqual([]);
  }
  if (connected.phase === 'connected') {
    const counters = { ...connected.live.counters, bytesUp: 99 };
    const counted = { ...connected, live: { ...connected.live, counters, roundTripMicroseconds: 7 } };
    expect(kinds(connected, counted)).toEqual([]);
  }
});

it('tells each warning when it appears and when it goes', () => {
  if (connected.phase !== 'connected') {
    throw new Error('the sample is connected');
  }
  const unset = problem('resolver-unset', 'no');
  const warned: ConnectionState = { ...connected, warnings: { ...connected.warnings, engine: [unset] } };
  expect(notesOfChange(connected, warned, 0)).toMatchObject([
    { kind: 'warning-appeared', severity: 'warning', context: 'production', problem: { code: 'resolver-unset' } },
  ]);
  const again: ConnectionState = {
    ...warned,
    warnings: { ...warned.warnings, engine: [problem('resolver-unset', 'no')] },
  };
  expect(kinds(warned, again)).toEqual([]);
  expect(notesOfChange(again, connected, 0)).toMatchObject([
    { kind: 'warning-went', facts: { code: 'resolver-unset' } },
  ]);
});

it('tells another agent, home namespace and names of what is in force', () => {
  if (connected.phase !== 'connected') {
    throw new Error('the sample is connected');
  }
  const { live, wanted } = connected;
  expect(kinds(connected, { ...connected, live: { ...live, agent: { ...live.agent, pod: 'agent-2' } } })).toEqual([
    'agent-replaced',
  ]);
  const search = ['other.svc.cluster.local'];
  const moved = {
    ...connected,
    wanted: { ...wanted, homeNamespace: 'other' },
    live: { ...live, names: { ...live.names, search } },
  };
  expect(kinds(connected, moved)).toEqual(['home-namespace-changed']);
  const names = { ...live.names, upstreams: ['10.1.1.1'] };
  expect(kinds(connected, { ...connected, live: { ...live, names } })).toEqual(['names-changed']);
});
