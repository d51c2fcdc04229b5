/** Diagnostics: checks, the test of each resolver, the proof after switching off, and the report that a user may send. */
import { z } from 'zod';
import { answerSchema } from './causes.ts';
import { problemSchema } from './problems.ts';

export const checkSchema = z.object({
  /** In the order in which they are told: this laptop, the cluster, what is between. */
  check: z.enum([
    'helper',
    'tun',
    'resolver',
    'routes',
    'firewall',
    'containers',
    'api-server',
    'rights',
    'clock',
    'connection',
    'agent',
    'tunnel',
    'cluster-dns',
    'endpoints',
    'names',
  ]),
  state: z.enum(['good', 'warning', 'bad', 'not-checked']),
  ...answerSchema.shape,
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type Check = z.infer<typeof checkSchema>;

/** One resolver asked one question. `system` is what every program asks, `slipway` our answerer, `upstream` one of the servers found. */
export const resolverAnswerSchema = z.object({
  kind: z.enum(['system', 'slipway', 'upstream']),
  resolver: z.string(), // address; empty for the system's own way
  question: z.string(),
  answers: z.array(z.string()), // addresses; empty where the name does not exist
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type ResolverAnswer = z.infer<typeof resolverAnswerSchema>;

/** What a look at laptop and cluster found after switching off. */
export const proofSchema = z.object({
  proof: z.enum(['interface', 'routes', 'resolver', 'journal', 'cluster']),
  state: z.enum(['good', 'bad', 'not-checked']),
  ...answerSchema.shape,
  problem: problemSchema.nullable(),
});
export type Proof = z.infer<typeof proofSchema>;

/** One file of a report, redacted, as it will be written. */
const reportFileSchema = z.object({
  name: z.string(),
  bytes: z.number(),
  /** The redacted text whole: nothing is written that was not shown. */
  text: z.string(),
});
export const reportSchema = z.object({
  id: z.string(),
  files: z.array(reportFileSchema),
  /** How often each kind of secret was replaced. */
  redactions: z.record(z.enum(['token', 'address', 'cluster', 'home', 'user']), z.number()),
});
export type Report = z.infer<typeof reportSchema>;
