import { describe, expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { keyText, type Result, type Snapshot, success } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import { sampleConnected, sampleSnapshot } from '../preview/samples.ts';
import { createInquiries, createInquiry, lookAnewWhenOff, switchedOff } from './inquiries.ts';
import type { Mirror } from './mirror.ts';

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

describe('once a connection is off', () => {
  const { cluster } = sampleConnected;
  const off: Snapshot = { ...sampleSnapshot, connections: [{ phase: 'off', cluster, last: null }] };
  const own = keyText(cluster);

  it.each([
    ['this one, answered before', own, true, ''],
    ['this one, asked and not answered', own, false, ''],
    ['another', 'another', true, 'another'],
  ])('what connecting would change is looked at anew, of %s', async (_, subject, isAnswered, kept) => {
    const { link, answer } = slowLink();
    const inquiries = createInquiries(link);
    const mirror = createStore<Mirror>(() => ({ snapshot: sampleSnapshot }) as Mirror);
    const end = lookAnewWhenOff(mirror, inquiries);
    const asked = inquiries.preview.ask(subject, { context: subject });
    if (isAnswered) {
      answer(0, { routes: [] });
      await asked;
    }
    mirror.setState({ snapshot: off });
    answer(0, { routes: [] });
    await asked;
    expect(inquiries.preview.store.getState().subject).toBe(kept);
    expect(inquiries.proof.store.getState()).toMatchObject({ subject: own, isAsking: true });
    end();
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
