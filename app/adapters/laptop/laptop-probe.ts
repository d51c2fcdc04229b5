/** Looks at the laptop for anything of ours, as any user may: interfaces, routes through them, nameservers of ours. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { LaptopProbe } from '../../core/ports.ts';

/** The helper's prefix of interface names (native/internal/hostnet/tundev/tundev.go). */
const interfacePrefix = 'slipway';

/** Addresses of our interfaces and resolvers lie in 198.18.0.0/16 (native/internal/wire/addresses.go, RFC 2544). */
const ourAddress = /\b198\.18\.\d{1,3}\.\d{1,3}\b/g;

/** Files of Linux; tests name others. */
const linuxFiles = { links: '/proc/net/dev', routes: '/proc/net/route', resolver: '/etc/resolv.conf' } as const;

export function openLaptopProbe(files: Readonly<Record<keyof typeof linuxFiles, string>> = linuxFiles): LaptopProbe {
  return {
    traces: async () => {
      const [links, routes, resolver] = await Promise.all([
        read(files.links),
        read(files.routes),
        read(files.resolver),
      ]);
      return {
        interfaces: links === null ? interfacesByAddress() : linksOf(links),
        routes: routes === null ? null : routesOf(routes),
        resolvers: resolver === null ? null : nameserversOf(resolver),
      };
    },
    interfaces: async () => namesOf((await read(files.links)) ?? ''),
  };
}

/** proc(5), /proc/net/dev: every interface that there is, up or not. */
function namesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.includes(':') ? (line.split(':')[0]?.trim() ?? '') : []));
}

function linksOf(text: string): string[] {
  return namesOf(text).filter((name) => name.startsWith(interfacePrefix));
}

function interfacesByAddress(): string[] {
  return Object.entries(networkInterfaces())
    .filter(
      ([name, addresses]) => name.startsWith(interfacePrefix) || addresses?.some(({ address }) => isOurs(address)),
    )
    .map(([name]) => name);
}

/** proc(5), /proc/net/route: destination and mask as hexadecimal numbers in the machine's order (little-endian). */
function routesOf(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([name]) => name?.startsWith(interfacePrefix))
    .map(([name, destination = '', , , , , , mask = '']) => `${quad(destination)}/${quad(mask)} ${name}`);
}

function quad(hexadecimal: string): string {
  return (hexadecimal.match(/../g) ?? [])
    .toReversed()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

function nameserversOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^\s*nameserver\s/.test(line))
    .flatMap((line) => line.match(ourAddress) ?? []);
}

function isOurs(address: string): boolean {
  return (address.match(ourAddress) ?? []).length > 0;
}

async function read(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}
