/**
 * Streams: what is too large or too lively for the snapshot. A subscriber gets the present state first and changes
 * after it, gathered so that no more than about ten items a second arrive.
 */
import { z } from 'zod';
import { activityEntrySchema } from './activity.ts';
import { benchItemSchema, benchSecondsAtMost, benchSecondsUsual } from './bench.ts';
import { flowSchema } from './flows.ts';
import { podSchema } from './pods.ts';
import { problemSchema } from './problems.ts';
import { serviceKeySchema, serviceSchema } from './services.ts';
import { pathSchema } from './state.ts';

const nothing = z.object({});
/** A connection, by its context and the kubeconfig of it; an empty file means whichever is on under this name. */
const connectionKey = z.object({ context: z.string().max(512), file: z.string().max(4096).default('') });

/** Totals since the connection was made; a window makes rates of two of them. */
const countersSchema = z.object({
  at: z.number(), // milliseconds since the epoch
  bytesUp: z.number(),
  bytesDown: z.number(),
  packetsUp: z.number(),
  packetsDown: z.number(),
  flows: z.number(),
  roundTripMicroseconds: z.number(),
  routes: z.array(z.object({ prefix: z.string(), bytesUp: z.number(), bytesDown: z.number() })),
});
export type Counters = z.infer<typeof countersSchema>;

/** What of a list differs from what was told before. */
const changesOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    kind: z.literal('changes'),
    changed: z.array(item),
    removed: z.array(serviceKeySchema),
    problems: z.array(problemSchema),
  });

const servicesItemSchema = z.discriminatedUnion('kind', [
  /** Everything anew: at the start, and after a gap. */
  z.object({ kind: z.literal('all'), services: z.array(serviceSchema), problems: z.array(problemSchema) }),
  changesOf(serviceSchema),
]);
export type ServicesItem = z.infer<typeof servicesItemSchema>;

const podsItemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all'), pods: z.array(podSchema), problems: z.array(problemSchema) }),
  changesOf(podSchema),
]);
export type PodsItem = z.infer<typeof podsItemSchema>;

const activityItemSchema = z.object({ entries: z.array(activityEntrySchema) });

const flowsItemSchema = z.object({
  /** all: everything anew, at the start and after a gap; changes: what differs from what was told before. */
  kind: z.enum(['all', 'changes']),
  changed: z.array(flowSchema),
  gone: z.array(z.number()), // ids
  at: z.number(), // milliseconds since the epoch
  live: z.number(), // how many live, told or not: of very many the busiest thousand are told
  opening: z.number(), // of these, how many wait for their first answer
  path: pathSchema, // the way that they take now
  roundTripMicroseconds: z.number(), // of the tunnel
  programsKnown: z.boolean(), // false where programs are not looked up on this system
});
export type FlowsItem = z.infer<typeof flowsItemSchema>;

export const streams = {
  /** Services of a context that is connected, in all namespaces that the user may see. Ends when it is switched off. */
  services: { input: connectionKey, item: servicesItemSchema },
  /** Pods likewise. The cluster is asked for them only while somebody is subscribed. */
  pods: { input: connectionKey, item: podsItemSchema },
  /** About once a second while connected. */
  counters: { input: connectionKey, item: countersSchema },
  /** About once a second while connected. Flows and their programs are looked at only while somebody is subscribed. */
  flows: { input: connectionKey, item: flowsItemSchema },
  /**
   * Measures a connection for as long as somebody is subscribed, each of four transfers for so many seconds at most: what is
   * measured, what is known, and at last how it ended. One at a time for each connection.
   */
  bench: {
    input: connectionKey.extend({ seconds: z.number().min(1).max(benchSecondsAtMost).default(benchSecondsUsual) }),
    item: benchItemSchema,
  },
  /** What is kept first (oldest first), then what happens. */
  activity: { input: nothing, item: activityItemSchema },
} as const satisfies Record<string, { input: z.ZodType; item: z.ZodType }>;

export type StreamName = keyof typeof streams;
export type StreamInput<Name extends StreamName> = z.input<(typeof streams)[Name]['input']>;
export type StreamItem<Name extends StreamName> = z.output<(typeof streams)[Name]['item']>;
