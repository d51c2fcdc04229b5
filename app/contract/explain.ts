/** What happens to a packet to a name or an address, step by step, and what stops it. */
import { z } from 'zod';
import { answerSchema } from './causes.ts';
import { problemSchema } from './problems.ts';
import { testTimesSchema } from './services.ts';

const explainStepSchema = z.object({
  /**
   * In this order: what the name is in the cluster; who answers it with what (several); what the address is; the range that
   * covers it; the interface that the kernel takes; the tunnel; what is ready behind it; the answer to a dial, and to a request.
   */
  step: z.enum(['name', 'resolver', 'address', 'route', 'interface', 'tunnel', 'endpoint', 'connection', 'http']),
  state: z.enum(['good', 'bad', 'not-checked']),
  ...answerSchema.shape,
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type ExplainStep = z.infer<typeof explainStepSchema>;

export const explanationSchema = z.object({
  host: z.string(),
  port: z.number(), // 0 where none is known
  steps: z.array(explainStepSchema),
  times: testTimesSchema.nullable(), // of the dial, where one was answered
  verdict: z.object({
    /** `leads`: into the tunnel, and nothing was dialled; `outside`: not of the cluster; `off`: what would happen. */
    result: z.enum(['reached', 'leads', 'stopped', 'outside', 'off']),
    ...answerSchema.shape,
    /** What stops it, with what to do. */
    problem: problemSchema.nullable(),
  }),
  /** Names of the cluster that may have been meant. */
  similar: z.array(z.string()),
});
export type Explanation = z.infer<typeof explanationSchema>;
