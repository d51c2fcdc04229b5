import { expect, it } from 'vitest';
import type { Context, ContextPart } from '../../contract/index.ts';
import { remember, seen, withRecords } from './records.ts';

function part(kind: ContextPart['part'], value: string): ContextPart {
  return { part: kind, name: '', value, digest: '' };
}

const context: Context = {
  name: 'production',
  file: '/home/jane/.kube/config',
  cluster: 'c',
  server: 'https://kubernetes.example.org',
  user: 'jane',
  namespace: 'default',
  current: true,
  authentication: 'token',
  execPlugin: null,
  parts: [part('server', 'https://kubernetes.example.org'), part('user', 'jane')],
  digest: 'sha256:1',
  confirmed: true, // a kubeconfig cannot say that of itself
  changes: [],
  confirmedEarlier: false,
  lastUsedAt: null,
  problem: null,
};

it('counts a context as confirmed only while it is what was confirmed, in the file where it was', () => {
  expect(withRecords([context], [])[0]?.confirmed).toBe(false);
  const records = remember([], context, { confirmed: seen(context) });
  expect(withRecords([context], records)[0]?.confirmed).toBe(true);
  const changed = { ...context, digest: 'sha256:2', parts: [part('server', 'https://elsewhere'), part('proxy', 'p')] };
  expect(withRecords([changed], records)[0]).toMatchObject({
    confirmed: false,
    confirmedEarlier: false,
    changes: [
      { before: { value: 'https://kubernetes.example.org' }, now: { value: 'https://elsewhere' } },
      { before: null, now: { part: 'proxy' } },
      { before: { part: 'user' }, now: null },
    ],
  });
  expect(withRecords([{ ...context, file: '/tmp/other' }], records)[0]?.confirmed).toBe(false);
});

it('never counts a context as confirmed that says nothing to confirm', () => {
  const records = remember([], context, { confirmed: { digest: '', parts: [] } });
  expect(withRecords([{ ...context, digest: '' }], records)[0]?.confirmed).toBe(false);
});

it('keeps what was confirmed when a context is used, and forgets the longest unused first', () => {
  let records = remember([], context, { confirmed: seen(context) });
  records = remember(records, context, { lastUsedAt: 5 });
  expect(records).toEqual([
    { context: 'production', file: context.file, confirmed: seen(context), used: null, lastUsedAt: 5 },
  ]);
  for (let number = 0; number < 2100; number += 1) {
    records = remember(records, { ...context, name: `other-${number}` }, { lastUsedAt: number + 10 });
  }
  expect(records.length).toBe(2000);
  expect(records.some((record) => record.context === 'production')).toBe(false);
});

it('says of what an earlier version confirmed that it cannot be compared, instead of calling it changed or confirmed', () => {
  const records = remember([], context, { confirmed: { digest: 'sha256:1', parts: null } });
  expect(withRecords([context], records)[0]).toMatchObject({ confirmed: false, changes: [], confirmedEarlier: true });
});
