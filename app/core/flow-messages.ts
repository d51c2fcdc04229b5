/** What the engine says of flows, as native/internal/wire/flows.go defines it; part of engine-messages.ts. */
import { z } from 'zod';
import { flowStateSchema, pathSchema } from '../contract/index.ts';

/** One TCP connection of the laptop; native/internal/wire/flows.go. */
const engineFlowSchema = z.object({
  id: z.number(),
  source: z.string(),
  destination: z.string(), // address:port
  real: z.string().optional(), // likewise, in the cluster, where programs know another address
  state: flowStateSchema,
  beganAt: z.number(),
  endedAt: z.number().default(0), // 0 while it lives
  bytesUp: z.number(),
  bytesDown: z.number(),
  rateUp: z.number().default(0),
  rateDown: z.number().default(0),
  answerMicroseconds: z.number().default(0), // 0: none yet
  tunnelMicroseconds: z.number().default(0), // 0: not known
  program: z
    .object({
      user: z.string(),
      pid: z.number().default(0), // 0: may not be looked into
      name: z.string().default(''),
      executable: z.string().default(''),
    })
    .nullish(),
});
export type EngineFlow = z.infer<typeof engineFlowSchema>;

export const flowsEventSchema = z.object({
  all: z.boolean().default(false), // what was told before is void
  changed: z.array(engineFlowSchema).default([]),
  gone: z.array(z.number()).default([]),
  live: z.number(),
  opening: z.number(),
  path: pathSchema,
  roundTripMicroseconds: z.number().default(0),
  programsKnown: z.boolean(),
});
export type EngineFlows = z.infer<typeof flowsEventSchema>;
