/**
 * The direct path: ways to the agent that do not go through the API server. What a user may choose, what was tried, and what
 * came of it.
 */
import { z } from 'zod';

/**
 * Which ways are tried. `pod`: the agent's own addresses, where the laptop reaches them already; makes nothing in the cluster.
 * `node-port`: the user's word that a Service of type NodePort may be made, besides. `address`: a place that the user names,
 * besides the pod's.
 */
export const directPathSchema = z.enum(['off', 'pod', 'node-port', 'address']);
export type DirectPath = z.infer<typeof directPathSchema>;

/** A place at which the agent may be reached. */
export const pathCandidateSchema = z.object({
  kind: z.enum(['pod', 'node', 'load-balancer', 'setting']),
  host: z.string(), // address or name
  port: z.number(),
});
export type PathCandidate = z.infer<typeof pathCandidateSchema>;

/** What came of trying a place: those of native/internal/wire/direct.go. */
const pathOutcomeSchema = z.enum([
  'works',
  'silent', // no answer
  'refused', // nothing listens
  'unreachable', // the network says that there is no way
  'not-ours', // something answers that is not this agent
  'slower', // works, and another one is faster
  'inside-tunnel', // the laptop would go there through the tunnel itself
  'forbidden', // an address that is never tried: loopback, multicast, of the laptop itself
  'lost', // it was in use, and fell silent or ended
  'no-name', // the laptop's resolver knows no such name
  'blocked', // this computer's own firewall lets nothing go there
  'small-only', // small packets come through, those of full size do not
]);
export type PathOutcome = z.infer<typeof pathOutcomeSchema>;

export const triedPathSchema = pathCandidateSchema.extend({
  outcome: pathOutcomeSchema,
  detail: z.string().default(''), // the system's own words: text only
});
export type TriedPath = z.infer<typeof triedPathSchema>;

/** Why the path is the one that it is. */
export const pathReasonSchema = z.object({
  chosen: directPathSchema,
  /** The direct way in use; null where the API server is the path. */
  candidate: pathCandidateSchema.nullable(),
  /** Of probes over it; 0 where none was measured. */
  roundTripMicroseconds: z.number(),
  /** Bytes in a packet on the way, as found; 0 where it is not known. */
  mtu: z.number(),
  tried: z.array(triedPathSchema), // in the order of trying
  /** Only the address that the agent's pod names of its node is known: the node itself may not be read. */
  nodeUnread: z.boolean(),
});
export type PathReason = z.infer<typeof pathReasonSchema>;

/** A host and a port in one word; IPv6 addresses in brackets (RFC 3986). */
export function placeText({ host, port }: Pick<PathCandidate, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A place in the form of placeText; null where it is none. Whether it is reached, trying says. */
export function readPlace(text: string): Pick<PathCandidate, 'host' | 'port'> | null {
  const [, address = '', name = '', digits = ''] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const host = address || name;
  return host === '' || port < 1 || port > 65_535 ? null : { host, port };
}

/** What comes of a place that the user asked for says more than of one that costs nothing to try. */
const byWord = ['setting', 'load-balancer', 'node', 'pod'] as const;

/** The one place to name where there is room for one: why the path is not a direct one. Null where none was tried. */
export function foremostTried(tried: readonly TriedPath[]): TriedPath | null {
  return byWord.map((kind) => tried.find((one) => one.kind === kind)).find((one) => one !== undefined) ?? null;
}
