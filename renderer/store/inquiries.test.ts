import { describe, expect, it } from 'vitest';
import { type Result, type Snapshot, success } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import { sampleConnected, sampleSnapshot } from '../preview/samples.ts';
import { createInquiry, switchedOff } from './inquiries.ts';

/** A link whose calls are answered when the test says so. */
function slowLink() {
  const waiting: ((result: Result<unknown>) => void)[] = [];
  const call = () => new Promise((resolve) => waiting.push(resolve));
  return {
    link: { call } as unknown as HostLink,
    answer: (index: number, value: unknown) => waiting[index]?.(success(value)),
  };
}

describe('an inquiry', () => {
  it('shows the last answer only, whatever comes late', async () => {
    const { link, answer } = slowLink();
    const inquiry = createInquiry(link, 'runChecks', () => 7);
    const first = inquiry.ask('a', {});
    const second = inquiry.ask('a', {});
    answer(1, { checks: [] });
    await second;
    answer(0, { checks: ['late'] });
    await first;
    expect(inquiry.store.getState()).toEqual({
      subject: 'a',
      isAsking: false,
      value: { checks: [] },
      problem: null,
      at: 7,
    });
  });

  it('keeps an answer while it is asked again about the same, and drops it about another', async () => {
    const { link, answer } = slowLink();
    const inquiry = createInquiry(link, 'runChecks');
    const asked = inquiry.ask('a', {});
    answer(0, { checks: [] });
    await asked;
    void inquiry.ask('a', {});
    expect(inquiry.store.getState()).toMatchObject({ isAsking: true, value: { checks: [] } });
    void inquiry.ask('b', {});
    expect(inquiry.store.getState()).toMatchObject({ subject: 'b', isAsking: true, value: null });
  });
});

describe('the proof', () => {
  const { cluster } = sampleConnected;
  const key = { context: cluster.context, file: cluster.file };
  const disconnecting: Snapshot = {
    ...sampleSnapshot,
    connections: [{ phase: 'disconnecting', cluster, startedAt: 1 }],
  };
  const off: Snapshot = { ...sampleSnapshot, connections: [{ phase: 'off', cluster, last: null }] };

  it('is due once something was switched off', () => {
    expect(switchedOff(disconnecting, off)).toEqual([key]);
    expect(switchedOff(disconnecting, { ...off, connections: [] })).toEqual([key]);
    expect(switchedOff(sampleSnapshot, off), 'an end that was too quick to be seen').toEqual([key]);
  });

  it('is not due before, after a failure, or when another core tells of it', () => {
    expect(switchedOff(null, off)).toEqual([]);
    expect(switchedOff(sampleSnapshot, disconnecting)).toEqual([]);
    expect(switchedOff(off, off)).toEqual([]);
    expect(switchedOff(disconnecting, { ...off, processId: 1 })).toEqual([]);
  });
});
