import ipaddr from 'ipaddr.js';
import { type LaptopName, laptopNames, type SandboxSettings } from './options.ts';
import { SandboxFailure } from './problems.ts';

/** Which address is whose. Everything follows from the settings, so nothing has to be remembered. */
export interface AddressPlan {
  lan: string;
  /** The LAN's router, which forwards nothing: outside names live on it. */
  gateway: string;
  /** The office resolver. */
  resolver: string;
  /** This machine's own address in the LAN. */
  machine: string;
  apiServer: string;
  nodes: readonly string[];
  laptops: Readonly<Record<LaptopName, string>>;
  /** Name to address of what the office resolver knows; documentation ranges of RFC 5737, and the LAN itself. */
  outside: Readonly<Record<string, string>>;
  /** ClusterIP of the service `kubernetes`. */
  apiService: string;
  /** ClusterIP of the cluster's DNS. */
  dnsService: string;
  /** What pods have as nameserver. */
  podResolver: string;
  /** Name of this machine's interface into the LAN; at most 15 characters, IFNAMSIZ. */
  machineInterface: string;
}

/** The address that NodeLocal DNSCache's own manifests use. */
export const nodeLocalAddress = '169.254.20.10';

/** Throws SandboxFailure `sandbox-option-invalid` for ranges that cannot be used. */
export function planAddresses(settings: SandboxSettings): AddressPlan {
  const [lanBase, lanBits] = parse(settings.lan, 'lan');
  if (lanBits !== 24) throw invalid(`lan ${settings.lan} is not a /24`);
  const [serviceBase, serviceBits] = parse(settings.serviceRange, 'serviceRange');
  if (serviceBits < 12 || serviceBits > 24) throw invalid(`serviceRange ${settings.serviceRange} is not a /12 to /24`);
  const [podBase, podBits] = parse(settings.podRange, 'podRange');
  if (podBits < 8 || podBits > 20) throw invalid(`podRange ${settings.podRange} is not a /8 to /20`);
  const ranges = [
    { name: 'lan', base: lanBase, bits: lanBits },
    { name: 'serviceRange', base: serviceBase, bits: serviceBits },
    { name: 'podRange', base: podBase, bits: podBits },
  ];
  for (const [index, one] of ranges.entries()) {
    for (const other of ranges.slice(index + 1)) {
      const bits = Math.min(one.bits, other.bits);
      if (one.base >>> (32 - bits) === other.base >>> (32 - bits)) throw invalid(`${one.name} overlaps ${other.name}`);
    }
  }
  const lan = (host: number) => text(lanBase + host);
  const dnsService = text(serviceBase + 10);
  return {
    lan: settings.lan,
    gateway: lan(1),
    machine: lan(2),
    apiServer: lan(10),
    nodes: Array.from({ length: settings.nodes }, (_, index) => lan(11 + index)),
    resolver: lan(53),
    laptops: byLaptop((_, index) => lan(100 + index)),
    outside: {
      'resolver.office.test': lan(53),
      'intranet.office.test': lan(80),
      'www.example.test': '203.0.113.10',
      'api.payments': '203.0.113.67',
      'x.dev': '203.0.113.20',
    },
    apiService: text(serviceBase + 1),
    dnsService,
    podResolver: settings.nodeLocalDns ? nodeLocalAddress : dnsService,
    machineInterface: interfaceName(settings.name),
  };
}

function interfaceName(name: string): string {
  const whole = `${name}0`;
  if (whole.length <= 15) return whole;
  let hash = 0;
  for (const character of name) hash = (hash * 33 + (character.codePointAt(0) ?? 0)) % 0xffff;
  return `${name.slice(0, 10)}-${hash.toString(16).padStart(4, '0')}`;
}

/** One value for each laptop that a sandbox may have. */
export function byLaptop<Value>(make: (name: LaptopName, index: number) => Value): Readonly<Record<LaptopName, Value>> {
  return Object.fromEntries(laptopNames.map((name, index) => [name, make(name, index)])) as Record<LaptopName, Value>;
}

function parse(range: string, option: string): [number, number] {
  if (!ipaddr.IPv4.isValidCIDR(range)) throw invalid(`${option} ${range} is not an IPv4 range`);
  const [address, bits] = ipaddr.IPv4.parseCIDR(range);
  const base = address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (base % 2 ** (32 - bits) !== 0) throw invalid(`${option} ${range} has bits set after its prefix`);
  return [base, bits];
}

function text(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function invalid(cause: string): SandboxFailure {
  return new SandboxFailure({ code: 'sandbox-option-invalid', cause: `${cause}.`, fix: 'Choose another range.' });
}
