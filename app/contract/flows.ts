/**
 * The TCP connections (flows) that programs of this laptop have through the tunnel. Names of programs and of what is in the
 * cluster are foreign text: show as text.
 */
import { z } from 'zod';

/** How a flow is, or how it ended; native/internal/terminate/account.go says when. */
export const flowStateSchema = z.enum([
  'opening',
  'open',
  'laptopEnded',
  'clusterEnded',
  'closed',
  'refused',
  'hostUnreachable',
  'networkUnreachable',
  'prohibited',
  'silent',
  'abandoned',
  'resetByLaptop',
  'resetByCluster',
  'timedOut',
  'lostWay',
  'shed',
  'sessionEnded',
  'withdrawn',
]);
export type FlowState = z.infer<typeof flowStateSchema>;

/** Whose a flow is. A process that this user may not look into has no number, name or path. */
const flowProgramSchema = z.object({
  user: z.string(),
  processId: z.number().nullable(),
  name: z.string(), // as the process calls itself
  executable: z.string(), // path; empty where it is not known
});

/** What is behind a destination, as far as the catalogue of Services knows it. */
const flowTargetSchema = z.object({
  kind: z.enum(['service', 'pod', 'endpoint']), // endpoint: of a Service, and no pod
  namespace: z.string(),
  name: z.string(), // of the pod, else of the Service
  port: z.string(), // its name in the Service; empty where it has none
  service: z.string().optional(), // of a pod, the Service that it is behind
});
export type FlowTarget = z.infer<typeof flowTargetSchema>;

export const flowSchema = z.object({
  id: z.number(),
  source: z.string(), // address:port
  destination: z.string(), // address:port
  real: z.string().optional(), // likewise, in the cluster: of a range that is mapped
  target: flowTargetSchema.nullable(),
  state: flowStateSchema,
  beganAt: z.number(), // milliseconds since the epoch
  endedAt: z.number().nullable(), // null while it lives
  bytesUp: z.number(),
  bytesDown: z.number(),
  rateUp: z.number(), // bytes a second
  rateDown: z.number(),
  answerMicroseconds: z.number().nullable(), // from the first SYN to what came of it; null: nothing yet
  serviceMicroseconds: z.number().nullable(), // of that, what was spent beyond the tunnel; null: not known
  program: flowProgramSchema.nullable(), // null: not known
});
export type Flow = z.infer<typeof flowSchema>;

/** From `closed` on a flow is over. */
const living: ReadonlySet<FlowState> = new Set<FlowState>(['opening', 'open', 'laptopEnded', 'clusterEnded']);

export const flowLives = ({ state }: Pick<Flow, 'state'>): boolean => living.has(state);

/** It ended, and not as its program meant it to. */
export const flowFailed = (flow: Pick<Flow, 'state'>): boolean =>
  !flowLives(flow) && flow.state !== 'closed' && flow.state !== 'resetByLaptop' && flow.state !== 'abandoned';

/** `orders.webshop`, or empty where nothing is known behind the address. */
export const flowTargetName = ({ target }: Pick<Flow, 'target'>): string =>
  target === null ? '' : `${target.name}.${target.namespace}`;
