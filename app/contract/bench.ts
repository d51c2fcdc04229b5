/** What measuring a connection says: of the way to the agent and back, while it goes on and when it is over. */
import { z } from 'zod';
import { type Cause, cause } from './causes.ts';
import { problemSchema } from './problems.ts';
import { type Connection, type Path, pathSchema } from './state.ts';

/** Of durations in milliseconds; null where none was answered. */
const latencySchema = z.object({
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  count: z.number(), // of those that were answered
  unanswered: z.number(),
});
export type Latency = z.infer<typeof latencySchema>;

/** Of a transfer. Rates are bits a second: on the whole, and of the slowest and the fastest slice of it. */
const transferFiguresSchema = z.object({
  direction: z.enum(['up', 'down']),
  connections: z.number(),
  mean: z.number(),
  least: z.number(),
  most: z.number(),
  bytes: z.number(),
  /** What a small request waits beside it says what it costs others; not measured beside several. */
  requestBeside: latencySchema.nullable(),
});
export type TransferFigures = z.infer<typeof transferFiguresSchema>;

/** Null where nothing could be measured in time, or was not yet. */
export const pathFiguresSchema = z.object({
  path: pathSchema,
  request: latencySchema.nullable(), // 64 bytes there and back on a connection that stands
  connection: latencySchema.nullable(), // to the agent itself
  knownName: latencySchema.nullable(), // that Slipway answers by itself
  clusterName: latencySchema.nullable(), // that the cluster's DNS has to be asked for
  transfers: z.array(transferFiguresSchema),
});
export type PathFigures = z.infer<typeof pathFiguresSchema>;

/** The figures of a path before the first is known. */
export const noFigures = (path: Path): PathFigures => ({
  ...{ path, request: null, connection: null, knownName: null, clusterName: null, transfers: [] },
});

/** In the order in which they are measured; a transfer by its direction and how many connections it has. */
export const benchStepSchema = z.enum(['requests', 'connections', 'names', 'down1', 'up1', 'down8', 'up8']);
export type BenchStep = z.infer<typeof benchStepSchema>;

/** Bytes that one of the four transfers moves at most, and seconds that it may take: the agent ends one after 30. */
export const benchTransferBytes = 250_000_000;
export const benchTransfers = 4;
export const benchSecondsAtMost = 20;
export const benchSecondsUsual = 3;

export const benchItemSchema = z.object({
  state: z.enum(['measuring', 'done', 'failed']),
  /** What is being measured; null before the first, and when it is over. */
  step: benchStepSchema.nullable(),
  /** What is known by now. */
  figures: pathFiguresSchema,
  /** The connection took another path meanwhile: the figures are of both. */
  pathChanged: z.boolean(),
  /** Of this computer, when it began: processes that wanted to run, on the average of a minute, and its processors. */
  load: z.number(),
  processors: z.number(),
  /** Why it failed. */
  problem: problemSchema.nullable(),
});
export type BenchItem = z.infer<typeof benchItemSchema>;

/** Why a connection cannot be measured now; null where it can. */
export function benchObjection(connection: Connection | null): Cause | null {
  if (connection?.phase !== 'connected') {
    return cause('benchNeeds');
  }
  if (connection.proxy !== undefined) {
    return cause('benchByProxy');
  }
  return connection.names.mode === 'off' ? cause('benchWithoutNames') : null;
}
