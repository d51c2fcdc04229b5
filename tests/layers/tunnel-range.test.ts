/** The tunnel's own range is said in Go; the probe that looks for what is left of ours knows the same one. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLaptopProbe } from '../../app/adapters/laptop/laptop-probe.ts';

it('is the same in both languages', async () => {
  const source = await readFile(join(import.meta.dirname, '../../native/internal/wire/addresses.go'), 'utf8');
  const [, network = '', length = ''] = /TunnelRange = netip\.MustParsePrefix\("([\d.]+)\/(\d+)"\)/.exec(source) ?? [];
  const first = network.split('.').reduce((value, byte) => value * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(length));
  const text = (address: number) => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
  const inside = [first, first + 1, first + size - 1].map(text);
  const outside = [first - 1, first + size].map(text);

  const folder = await mkdtemp(join(tmpdir(), 'slipway-range-'));
  const resolver = join(folder, 'resolv.conf');
  await writeFile(resolver, [...outside, ...inside].map((address) => `nameserver ${address}\n`).join(''));
  const none = join(folder, 'none');
  const traces = await openLaptopProbe({ links: none, routes: none, resolver }).traces();
  await rm(folder, { recursive: true });
  expect(traces.resolvers).toEqual(inside);
});
