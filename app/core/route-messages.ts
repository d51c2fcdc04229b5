/** What engine and core say of ranges and of the hosts in them, as native/internal/wire/helper.go defines it. */
import { z } from 'zod';

/** A range with what is wanted for it. */
export const wantedRangeSchema = z.object({
  prefix: z.string(),
  decision: z.enum(['routed', 'narrowed']), // the best that the laptop allows, or routes to hosts alone
  overBroader: z.boolean().optional(), // the user's word: before broader routes of other interfaces
});
export type WantedRange = z.infer<typeof wantedRangeSchema>;

/** What the helper is asked for. */
export interface WantedRoutes {
  readonly ranges: readonly WantedRange[];
  /** Addresses of the cluster's nodes: what the laptop has a route to by one of them is left alone. */
  readonly nodes: readonly string[];
}

/** The same in a message, which has no empty list of nodes. */
export const inMessage = ({ ranges, nodes }: WantedRoutes): { ranges: WantedRange[]; nodes?: string[] } => ({
  ranges: [...ranges],
  ...(nodes.length === 0 ? {} : { nodes: [...nodes] }),
});

/** MaxNodes in native/internal/wire/helper.go. */
export const mostNodes = 256;

/** A virtual range that stands for one of the cluster; prefixes of one length. */
export const mappingSchema = z.object({
  real: z.string(),
  virtual: z.string(), // among the wanted ranges
  retired: z.boolean().optional(), // names tell it no longer
});
export type Mapping = z.infer<typeof mappingSchema>;

/** MaxHosts in native/internal/wire/helper.go. */
export const mostHosts = 10_000;

/** Which addresses the cluster shows: all, or a change; parts count together when the last one is there. */
export const hostsSchema = z.object({
  whole: z.boolean().optional(), // of the first part: nothing else is there than what is listed
  add: z.array(z.string()).optional(),
  remove: z.array(z.string()).optional(),
  more: z.boolean().optional(), // another part follows
});
export type HostsChange = z.infer<typeof hostsSchema>;

export const routeDecisionSchema = z.object({
  prefix: z.string(),
  decision: z.enum(['routed', 'cut', 'narrowed', 'refused']),
  reason: z.string().optional(),
  conflict: z.string().optional(),
  interface: z.string().optional(),
  cuts: z
    .array(
      z.object({
        prefix: z.string(),
        reason: z.string().default(''),
        conflict: z.string().default(''),
        interface: z.string().default(''),
      }),
    )
    .nullish(),
  cutsMore: z.number().optional(),
  hosts: z.number().optional(),
  leftOut: z.number().optional(),
});
export type RouteDecision = z.infer<typeof routeDecisionSchema>;
