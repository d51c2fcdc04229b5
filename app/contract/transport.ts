/**
 * How a frontend reaches the core: calls, and snapshots pushed to it. A link starts with a hello of both sides;
 * other builds of the same protocol may talk, another protocol number is a problem (`core-version`), not a crash.
 */
import { z } from 'zod';
import { callerSchema } from './caller.ts';
import type { CommandInput, CommandName, CommandOutput } from './commands.ts';
import { type Problem, problemSchema } from './problems.ts';
import type { Result } from './result.ts';
import { type Snapshot, snapshotSchema } from './state.ts';
import type { StreamInput, StreamItem, StreamName } from './streams.ts';

/** Raised by a change that the other side cannot ignore. */
export const protocolNumber = 4;

export const helloSchema = z.object({
  protocol: z.number(),
  build: z.string(),
  role: z.string(),
  caller: callerSchema.optional(),
});
export type Hello = z.infer<typeof helloSchema>;

/** Frontend to core. One JSON document a line, at most 16 MiB. */
export const upwardSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), hello: helloSchema }),
  z.object({ kind: z.literal('call'), id: z.number().int().positive(), command: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('watch') }),
  z.object({ kind: z.literal('subscribe'), id: z.number().int().positive(), stream: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('unsubscribe'), id: z.number().int().positive() }),
]);
export type Upward = z.infer<typeof upwardSchema>;

/** Core to frontend. One JSON document a line. */
export const downwardSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), hello: helloSchema }),
  z.object({
    kind: z.literal('reply'),
    id: z.number().int(),
    ok: z.boolean(),
    value: z.unknown().optional(),
    problem: problemSchema.optional(),
  }),
  z.object({ kind: z.literal('snapshot'), snapshot: snapshotSchema }),
  z.object({ kind: z.literal('item'), id: z.number().int(), item: z.unknown() }),
  /** No item follows; a problem says why where the core ended it. */
  z.object({ kind: z.literal('streamEnded'), id: z.number().int(), problem: problemSchema.nullable() }),
]);
export type Downward = z.infer<typeof downwardSchema>;

/** What a line holds; undefined where that is no JSON, which no schema takes. */
export function readDocument(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export interface CoreLink {
  call<Name extends CommandName>(command: Name, input: CommandInput<Name>): Promise<Result<CommandOutput<Name>>>;
  /** The listener hears the present snapshot at once and every later one. Returns what ends the watch. */
  watch(listener: (snapshot: Snapshot) => void): () => void;
  /** `ended` hears once that no more items come (null: because the subject is gone). Returns what ends it silently. */
  subscribe<Name extends StreamName>(
    stream: Name,
    input: StreamInput<Name>,
    listener: (item: StreamItem<Name>) => void,
    ended: (because: Problem | null) => void,
  ): () => void;
  /** Settles when the link ended, with why. */
  readonly ended: Promise<string>;
  close(): void;
}
