import { expect, it } from 'vitest';
import { connectionOf, foremost, isEstablished, isOn, notOff } from './selectors.ts';
import type { Connection, Snapshot } from './state.ts';

const cluster = (context: string) => ({ context, file: 'config', server: 'https://api' });
const made = (phase: string, more: object = {}) => ({ phase, cluster: cluster(phase), ...more }) as Connection;
const snapshotOf = (...connections: Connection[]) => ({ connections }) as unknown as Snapshot;

it.each([
  [null, false, false],
  [made('off'), false, false],
  [made('preparing'), true, false],
  [made('connected'), true, true],
  [made('reconnecting'), true, true],
  [made('disconnecting'), true, false],
  [made('failed', { retry: 'offered' }), false, false],
  [made('failed', { retry: 'automatic' }), true, false],
])('%j: on %s, established %s', (connection, on, established) => {
  expect([isOn(connection), connection !== null && isEstablished(connection)]).toEqual([on, established]);
});

it('shows the first that is not off, else the first, and finds each by context and file', () => {
  const off = made('off');
  const failed = made('failed', { retry: 'pointless' });
  const snapshot = snapshotOf(off, failed, made('connected'));
  expect(foremost(snapshot)).toBe(failed);
  expect(notOff(snapshot)).toHaveLength(2);
  expect([foremost(snapshotOf(off)), foremost(snapshotOf()), foremost(null)]).toEqual([off, null, null]);
  expect(connectionOf(snapshot, cluster('failed'))).toBe(failed);
  expect(connectionOf(snapshot, { context: 'failed', file: 'another' })).toBeNull();
});
