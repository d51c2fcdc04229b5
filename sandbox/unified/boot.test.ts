import { expect, it } from 'vitest';
import { loadOrder } from './boot.ts';

it('loads what a kernel module needs before it, each once', () => {
  const dependencies = [
    'net/nf_nat.ko: net/nf_conntrack.ko lib/crc.ko',
    'net/nf_conntrack.ko: lib/crc.ko',
    'lib/crc.ko:',
    'net/xt_MASQUERADE.ko: net/nf_nat.ko net/nf_conntrack.ko lib/crc.ko',
  ].join('\n');
  expect(loadOrder(dependencies, ['xt_MASQUERADE', 'nf_nat', 'not_there'])).toEqual([
    'lib/crc.ko',
    'net/nf_conntrack.ko',
    'net/nf_nat.ko',
    'net/xt_MASQUERADE.ko',
  ]);
});
