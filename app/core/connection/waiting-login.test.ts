/** A credential plugin that waits for its user: what it says is shown, whatever the connection is doing. */
import { expect, it } from 'vitest';
import { cause } from '../../contract/index.ts';
import { transition } from './machine.ts';
import { moment, situations } from './machine-samples.ts';
import { present } from './present.ts';

const words = { kind: 'clusterWaits', detail: cause('pluginWaits', { said: 'enter the code ABCD-1234' }) } as const;
const over = { kind: 'clusterWaits', detail: null } as const;

it('is the detail of the step while the cluster is opened, until it has ended', () => {
  const { state } = transition(situations['preparing: opening the cluster'], words, moment);
  expect(present(state)).toMatchObject({ step: 'cluster', detail: expect.stringContaining('ABCD-1234') });
  expect(present(transition(state, over, moment).state)).toMatchObject({ detail: '' });
});

it.each(['connected', 'tunnel lost'] as const)(
  'is a warning of what is on while it renews, and no other wait is: %s',
  (situation) => {
    const { state } = transition(situations[situation], words, moment);
    expect('warnings' in state && state.warnings.credentials).toMatchObject([
      { code: 'exec-waiting', severity: 'warning', cause: expect.stringContaining('ABCD-1234') },
    ]);
    const after = transition(state, over, moment).state;
    expect('warnings' in after && after.warnings.credentials).toEqual([]);
    const busy = { kind: 'clusterWaits', detail: cause('serverBusy', { said: 'x', seconds: 1 }) } as const;
    const unmoved = transition(situations[situation], busy, moment).state;
    expect('warnings' in unmoved && unmoved.warnings.credentials).toEqual([]);
  },
);
