import { expect, it } from 'vitest';
import type { Context } from '../../contract/index.ts';
import { remember, withRecords } from './records.ts';

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
  digest: 'sha256:1',
  confirmed: true, // a kubeconfig cannot say that of itself
  lastUsedAt: null,
  problem: null,
};

it('counts a context as confirmed only while it is what was confirmed, in the file where it was', () => {
  expect(withRecords([context], [])[0]?.confirmed).toBe(false);
  const records = remember([], context.name, context.file, { digest: 'sha256:1' });
  expect(withRecords([context], records)[0]?.confirmed).toBe(true);
  expect(withRecords([{ ...context, digest: 'sha256:2' }], records)[0]?.confirmed).toBe(false);
  expect(withRecords([{ ...context, file: '/tmp/other' }], records)[0]?.confirmed).toBe(false);
});

it('never counts a context as confirmed that says nothing to confirm', () => {
  const records = remember([], context.name, context.file, { digest: '' });
  expect(withRecords([{ ...context, digest: '' }], records)[0]?.confirmed).toBe(false);
});

it('keeps what was confirmed when a context is used, and forgets the longest unused first', () => {
  let records = remember([], context.name, context.file, { digest: 'sha256:1' });
  records = remember(records, context.name, context.file, { lastUsedAt: 5 });
  expect(records).toEqual([{ context: 'production', file: context.file, digest: 'sha256:1', lastUsedAt: 5 }]);
  for (let number = 0; number < 2100; number += 1) {
    records = remember(records, `other-${number}`, context.file, { lastUsedAt: number + 10 });
  }
  expect(records.length).toBe(2000);
  expect(records.some((record) => record.context === 'production')).toBe(false);
});
