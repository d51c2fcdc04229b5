/**
 * Activity: what happened, for people. An entry names what happened by a kind and facts, so that each frontend says it
 * in its own language; facts may hold a cluster's text.
 */
import { z } from 'zod';
import { problemSchema } from './problems.ts';

export const activityKindSchema = z.enum([
  'core-started',
  'connect-asked',
  'connected',
  'connect-failed',
  'tunnel-lost',
  'tunnel-recovered',
  'path-changed',
  'range-changed',
  'disconnect-asked',
  'disconnected',
  'agent-placed',
  'agent-replaced',
  'names-changed',
  'warning-appeared',
  'warning-went',
  'plugin-confirmed',
  'context-confirmed',
  'kubeconfig-changed',
  'settings-changed',
  'home-namespace-changed',
  'work-ended',
  'report-written',
]);
export type ActivityKind = z.infer<typeof activityKindSchema>;

export const activityEntrySchema = z.object({
  id: z.number(), // rises by one within a core's life
  at: z.number(), // milliseconds since the epoch
  kind: activityKindSchema,
  severity: z.enum(['info', 'warning', 'error']),
  context: z.string(), // empty where it is about none
  facts: z.record(z.string(), z.string()),
  problem: problemSchema.nullable(),
});
export type ActivityEntry = z.infer<typeof activityEntrySchema>;
