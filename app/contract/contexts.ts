/** Contexts of the kubeconfigs in force, and what a user confirms before the first use of one. */
import { z } from 'zod';
import { contextChangeSchema, contextPartSchema } from './context-parts.ts';
import { type Problem, problemSchema } from './problems.ts';

/** An exec credential plugin as the kubeconfig names it; `digest` identifies command line and environment. */
const execPluginSchema = z.object({
  command: z.string(),
  arguments: z.array(z.string()),
  /** Their values are told on request only (`readPluginEnvironment`). */
  environmentNames: z.array(z.string()),
  digest: z.string(),
  trusted: z.boolean(),
  /** Why the user's kuberc does not let it run (`exec-refused`); null where it does. */
  refusal: problemSchema.nullable(),
});
export type ExecPlugin = z.infer<typeof execPluginSchema>;

/** How a window names a context in settings and streams: names repeat over files. */
export const contextKeySchema = z.object({ context: z.string().min(1).max(512), file: z.string().max(4096) });
export type ContextKey = z.infer<typeof contextKeySchema>;

export const contextSchema = z.object({
  name: z.string(),
  file: z.string(),
  cluster: z.string(),
  server: z.string(),
  user: z.string(),
  namespace: z.string(),
  current: z.boolean(),
  authentication: z.enum(['none', 'certificate', 'token', 'basic', 'exec', 'unsupported']),
  execPlugin: execPluginSchema.nullable(),
  /** Files whose content logs in: a token, a certificate and its key; absolute. */
  credentialFiles: z.array(z.string()).optional(),
  /** All that decides where it leads, as whom, and what runs for it: what a first use confirms. */
  parts: z.array(contextPartSchema),
  /** Of the parts; empty where the context cannot be used. */
  digest: z.string(),
  /** True where this very digest was confirmed. */
  confirmed: z.boolean(),
  /** How it differs from what was confirmed; empty where nothing was, or nothing does. */
  changes: z.array(contextChangeSchema),
  /** True where an earlier version kept too little of what was confirmed to compare with it. */
  confirmedEarlier: z.boolean(),
  /** Milliseconds since the epoch; null where it was never switched on here. */
  lastUsedAt: z.number().nullable(),
  problem: problemSchema.nullable(),
  /** What is odd in its entries and read all the same, each with its line. */
  warnings: z.array(problemSchema).optional(),
  /** A file that counts before it cannot be read and may hold another context of this name: it must be confirmed. */
  doubt: problemSchema.nullable().optional(),
});
export type Context = z.infer<typeof contextSchema>;

/** True for a problem that ends when the user confirms, or when the files say again what was confirmed. */
export function waitsForUser({ code }: Problem): boolean {
  return code === 'context-changed' || code === 'context-unconfirmed' || code === 'exec-unconfirmed';
}
