import { expect, it } from 'vitest';
import { cause } from '../../contract/index.ts';
import { waitsToldTo } from './waits.ts';

const login = cause('pluginWaits', { said: 'ABCD-1234' });
const busy = cause('serverBusy', { said: 'overloaded', seconds: 3 });

it.each([
  [
    'a login',
    [
      ['plugin', login],
      ['plugin', null],
    ],
    [login, null],
  ],
  [
    'a busy server',
    [
      ['server', busy],
      ['server', null],
    ],
    [busy, null],
  ],
  [
    'a login, and a server that is busy meanwhile',
    [
      ['plugin', login],
      ['server', busy],
      ['server', null],
      ['plugin', null],
    ],
    [login, null],
  ],
  [
    'a login, and a server that is busy longer',
    [
      ['plugin', login],
      ['server', busy],
      ['plugin', null],
      ['server', null],
    ],
    [login, busy, null],
  ],
  [
    'a busy server, and a login meanwhile',
    [
      ['server', busy],
      ['plugin', login],
      ['server', null],
      ['plugin', null],
    ],
    [busy, login, null],
  ],
] as const)('tells %s', (_, events, expected) => {
  const told: unknown[] = [];
  const waits = waitsToldTo((detail) => told.push(detail));
  for (const [from, detail] of events) {
    waits[from](detail);
  }
  expect(told).toEqual(expected);
});
