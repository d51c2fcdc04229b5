import { describe, expect, it } from 'vitest';
import type { Route } from './state.ts';
import { holdsRange, realAddress, toldAddress } from './told-addresses.ts';

const range = { kind: 'services', origin: 'service-cidr', reason: '', conflict: '', interface: '' } as const;
const kept = { prefix: '10.96.0.192/26', reason: 'own-subnet', conflict: '10.96.0.192/26', interface: 'lan0' };
const routes: readonly Route[] = [
  { ...range, prefix: '34.118.224.0/20', decision: 'mapped', virtual: '198.19.16.0/20' },
  { ...range, prefix: '10.96.0.0/16', decision: 'cut', cuts: [{ ...kept, virtual: '198.19.0.0/26' }] },
  { ...range, prefix: '2600:1900:4001:42::/64', decision: 'mapped', virtual: 'fd51:1bae::/64' },
  { ...range, prefix: '10.97.0.0/16', decision: 'cut', cuts: [{ ...kept, prefix: '10.97.1.0/24' }] },
];

describe('addresses of the cluster and of this laptop', () => {
  it.each([
    ['34.118.225.7', '198.19.17.7', 'in a mapped range'],
    ['34.118.239.255', '198.19.31.255', 'the last of it'],
    ['10.96.0.210', '198.19.0.18', 'in a part that the laptop keeps'],
    ['2600:1900:4001:42::a', 'fd51:1bae::a', 'in a mapped range of IPv6'],
    ['2600:1900:4001:42:ffff:1::', 'fd51:1bae::ffff:1:0:0', 'of IPv6, in its canonical form'],
  ])('%s is %s: %s', (real, told) => {
    expect(toldAddress(routes, real)).toBe(told);
    expect(realAddress(routes, told)).toBe(real);
  });

  it.each([
    '34.118.240.0',
    '10.96.0.1',
    '10.97.1.9',
    'fd00::1',
    'orders.webshop',
    '34.118.225.999',
    '2600:1900:4001:43::a',
    '',
  ])('%s stays what it is', (address) => {
    expect(toldAddress(routes, address)).toBe(address);
    expect(realAddress(routes, address)).toBe(address);
  });
});

describe('a range that holds another', () => {
  it.each([
    ['10.0.0.0/8', '10.96.0.0/16', true],
    ['10.96.0.0/16', '10.96.0.0/16', true],
    ['10.96.0.1/16', '10.96.255.0/24', true], // host bits mean nothing
    ['10.96.0.0/16', '10.0.0.0/8', false],
    ['10.96.0.0/16', '10.97.0.0/24', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['fd00::/8', 'fd00::/64', true],
    ['fd00::/64', 'fd00::/8', false],
    ['::/0', '10.0.0.0/8', false],
    ['10.0.0.0/33', '10.0.0.0/33', false],
  ])('%s, %s: %s', (outer, inner, holds) => expect(holdsRange(outer, inner)).toBe(holds));
});
