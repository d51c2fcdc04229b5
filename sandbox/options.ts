import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { SandboxFailure } from './problems.ts';

/** How the laptop's programs find names: glibc and a resolv.conf, or a real systemd-resolved. */
export type LaptopFlavour = 'plain' | 'resolved';

/** How many laptops of each flavour a sandbox can have. */
const laptopsOfFlavour = [1, 2, 3, 4, 5, 6] as const;

/** A laptop by name: the first of a flavour is called like it, the next ones have a number. */
export type LaptopName = LaptopFlavour | `${LaptopFlavour}-${Exclude<(typeof laptopsOfFlavour)[number], 1>}`;

/** Name of the laptop with this number, from 1. Throws SandboxFailure `sandbox-option-invalid` where there is none. */
export function laptopName(flavour: LaptopFlavour, number: number): LaptopName {
  const name = laptopNames.find((candidate) => candidate === (number === 1 ? flavour : `${flavour}-${number}`));
  if (name) return name;
  throw new SandboxFailure({
    code: 'sandbox-option-invalid',
    cause: `There is no laptop ${flavour}-${number}: a sandbox has at most ${laptopsOfFlavour.length} of a flavour.`,
    fix: 'Ask for fewer.',
  });
}

export function flavourOf(name: LaptopName): LaptopFlavour {
  return name.startsWith('plain') ? 'plain' : 'resolved';
}

/** Every laptop that a sandbox may have; its place in this list is its place in the LAN. */
export const laptopNames: readonly LaptopName[] = laptopsOfFlavour.flatMap((number): LaptopName[] =>
  number === 1 ? ['plain', 'resolved'] : [`plain-${number}`, `resolved-${number}`],
);

/** An emulated link between laptop and LAN; the figures hold for each direction. */
export interface LinkOptions {
  /** One-way delay, milliseconds. */
  delayMilliseconds: number;
  /** Bits per second; 0 is no limit. */
  rateBitsPerSecond: number;
  /** Share of packets lost, 0 to 1. */
  lossFraction: number;
}

/** What a caller may choose; everything has a default. */
export interface SandboxOptions {
  /** Every namespace, cgroup, folder and interface is named after it. Lower case letters, digits and dashes. */
  name?: string | undefined;
  /** Number of nodes, 1 to 9. */
  nodes?: number | undefined;
  proxyMode?: 'iptables' | 'nftables' | undefined;
  podRange?: string | undefined;
  serviceRange?: string | undefined;
  /** The LAN of laptop, office and cluster: a /24 of private space. */
  lan?: string | undefined;
  clusterDomain?: string | undefined;
  /** Pods ask a resolver on 169.254.20.10 of their own node, as NodeLocal DNSCache sets it up. */
  nodeLocalDns?: boolean | undefined;
  /** IPv6 beside IPv4 in LAN, nodes, pods and Services; IPv4 stays the first. */
  dualStack?: boolean | undefined;
  /** Nodes, pods and Services have IPv6 alone; the LAN has both, so that the laptop may be of either kind. */
  ipv6Only?: boolean | undefined;
  laptops?: readonly LaptopName[] | undefined;
  /** A link of this machine itself into the sandbox's LAN, so that its programs reach the API server. */
  machineLink?: boolean | undefined;
  link?: LinkOptions | undefined;
}

const prefix = z.string().regex(/^\d+\.\d+\.\d+\.\d+\/\d+$/, 'a range like 10.96.0.0/16');

const settingsSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'lower case letters, digits and dashes, at most 31'),
  nodes: z.number().int().min(1).max(9),
  proxyMode: z.enum(['iptables', 'nftables']),
  podRange: prefix,
  serviceRange: prefix,
  lan: prefix,
  clusterDomain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/),
  nodeLocalDns: z.boolean(),
  dualStack: z.boolean().default(false), // settings of earlier sandboxes have none
  ipv6Only: z.boolean().default(false),
  laptops: z.array(z.enum(laptopNames)).min(1),
  machineLink: z.boolean(),
  link: z
    .object({
      delayMilliseconds: z.number().min(0),
      rateBitsPerSecond: z.number().min(0),
      lossFraction: z.number().min(0).max(1),
    })
    .optional(),
});

/** The options of one sandbox with nothing left open. */
export type SandboxSettings = z.infer<typeof settingsSchema>;

const defaultName = 'sandbox';

/** Sandboxes of other names get a LAN of their own without being told. */
function defaultLan(name: string): string {
  if (name === defaultName) return '10.87.0.0/24';
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 254;
  return `10.87.${hash + 1}.0/24`;
}

/** Fills in what `options` leaves open. Throws SandboxFailure `sandbox-option-invalid`. */
export function completeOptions(options: SandboxOptions): SandboxSettings {
  const name = options.name ?? defaultName;
  const settings = settingsSchema.safeParse({
    name,
    nodes: options.nodes ?? 2,
    proxyMode: options.proxyMode ?? 'iptables',
    podRange: options.podRange ?? '10.244.0.0/16',
    serviceRange: options.serviceRange ?? '10.96.0.0/16',
    lan: options.lan ?? defaultLan(name),
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    nodeLocalDns: options.nodeLocalDns ?? false,
    dualStack: options.dualStack ?? false,
    ipv6Only: options.ipv6Only ?? false,
    laptops: [...new Set(options.laptops ?? ['plain'])],
    machineLink: options.machineLink ?? true,
    link: options.link,
  });
  if (settings.success && settings.data.dualStack && settings.data.ipv6Only) {
    throw new SandboxFailure({
      code: 'sandbox-option-invalid',
      cause: 'A cluster has both families or IPv6 alone.',
      fix: 'Leave out --dual-stack or --ipv6-only.',
    });
  }
  if (settings.success) return settings.data;
  throw new SandboxFailure({
    code: 'sandbox-option-invalid',
    cause: settings.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    fix: 'Correct the option and start again.',
  });
}

/** Reads settings that an earlier `up` wrote down. */
export function parseSettings(text: string): SandboxSettings {
  return settingsSchema.parse(JSON.parse(text));
}

/** What is built once and used by every sandbox of this user. */
export function cacheFolder(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'slipway', 'sandbox');
}

/** What belongs to one sandbox; gone after `down`. */
export function stateFolder(name: string): string {
  const root = process.env.SLIPWAY_SANDBOX_STATE || path.join(homedir(), '.local', 'state', 'slipway', 'sandbox');
  return path.join(path.resolve(root), name);
}
