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
  /** The same in IPv6, in a sandbox that has it. */
  ipv6: AddressPlanIPv6 | undefined;
  /** Name of this machine's interface into the LAN; at most 15 characters, IFNAMSIZ. */
  machineInterface: string;
}

/** IPv6 addresses of a sandbox, unique local ones (RFC 4193). */
export interface AddressPlanIPv6 {
  /** a /64 */
  lan: string;
  /** a /56, of which each node gets a /64 */
  podRange: string;
  /** a /112: no API server takes a Service range wider than /108. */
  serviceRange: string;
  gateway: string;
  machine: string;
  apiServer: string;
  /** The office resolver's, and its link-local address, which a laptop has to name with its interface. */
  resolver: string;
  localResolver: string;
  nodes: readonly string[];
  laptops: Readonly<Record<LaptopName, string>>;
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
  const ipv6 = settings.dualStack || settings.ipv6Only ? planIPv6(settings) : undefined;
  const service = (number: number) =>
    settings.ipv6Only && ipv6
      ? canonical(ipv6.serviceRange.replace(/\/.*/, number.toString(16)))
      : text(serviceBase + number);
  const dnsService = service(10);
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
    apiService: service(1),
    dnsService,
    podResolver: settings.nodeLocalDns ? nodeLocalAddress : dnsService,
    ipv6,
    machineInterface: interfaceName(settings.name),
  };
}

/**
 * Made of the IPv4 ranges: the digits of 10.87.0.0/24 are the groups of fd00:10:87::/64, and hosts have the number of
 * their IPv4 address. LAN, pods and Services differ in their first group, so they never overlap.
 */
function planIPv6({ lan, podRange, serviceRange, nodes }: SandboxSettings): AddressPlanIPv6 {
  const digits = (range: string) => range.split(/[./]/);
  const [first, second, third] = digits(lan);
  const network = `fd00:${first}:${second}:${third}::`;
  const within = (prefix: string, range: string) => `${prefix}:${digits(range).slice(0, 2).join(':')}::`;
  const host = (number: number) => canonical(`${network}${number}`);
  return {
    lan: `${canonical(network)}/64`,
    podRange: `${canonical(within('fd01', podRange))}/56`,
    serviceRange: `${canonical(within('fd02', serviceRange))}/112`,
    gateway: host(1),
    machine: host(2),
    apiServer: host(10),
    resolver: host(53),
    localResolver: 'fe80::53',
    nodes: Array.from({ length: nodes }, (_, index) => host(11 + index)),
    laptops: byLaptop((_, index) => host(100 + index)),
  };
}

/**
 * Ranges or addresses of the families that the cluster has, as Kubernetes wants them: joined by a comma, the first being the
 * cluster's first.
 */
export function ofFamilies({ ipv6Only }: SandboxSettings, ipv4: string, ipv6: string | undefined): string {
  return ipv6 === undefined ? ipv4 : ipv6Only ? ipv6 : `${ipv4},${ipv6}`;
}

/** As RFC 5952 writes it. */
function canonical(address: string): string {
  return ipaddr.IPv6.parse(address).toRFC5952String();
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
