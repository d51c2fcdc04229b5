/** The measurements of one path to the agent, in order, each within bounds of time and bytes. */
import { randomBytes } from 'node:crypto';
import {
  type BenchStep,
  cause,
  noFigures,
  type PathFigures,
  type Problem,
  problem,
  type TransferFigures,
} from '../../contract/index.ts';
import type { BenchSubject } from '../../core/ports.ts';
import { latencyOf, throughputOf } from './figures.ts';
import { type Transfer, timeConnections, timeNames, timeRequests, timeRequestsBeside, transfer } from './sockets.ts';

/** How long one transfer may take in milliseconds, and how many bytes it may move. */
export interface Bounds {
  readonly transferMilliseconds: number;
  readonly transferBytes: number;
}

/** Of a transfer in milliseconds, that are left out. */
const warmUp = 500;

/** The least that a p95 is worth something of, and what each kind of small measurement may take in milliseconds. */
const times = 100;
const smallMilliseconds = 2000;

const transfers = [
  { step: 'down1', direction: 'down', connections: 1 },
  { step: 'up1', direction: 'up', connections: 1 },
  { step: 'down8', direction: 'down', connections: 8 },
  { step: 'up8', direction: 'up', connections: 8 },
] as const satisfies { step: BenchStep; direction: 'up' | 'down'; connections: number }[];

/** `tell` hears what is being measured, and what is known by then. Every socket ends with the process. */
export async function measurePath(
  { path, resolver, clusterDomain }: BenchSubject,
  { transferMilliseconds, transferBytes }: Bounds,
  tell: (step: BenchStep, known: PathFigures) => void,
): Promise<PathFigures> {
  const until = () => performance.now() + smallMilliseconds;
  let figures = noFigures(path);
  tell('requests', figures);
  const requestsEnd = until();
  const requests = await timeRequests(resolver, (count) => count >= times || performance.now() >= requestsEnd);
  figures = { ...figures, request: latencyOf(requests) };
  tell('connections', figures);
  figures = { ...figures, connection: latencyOf(await timeConnections(resolver, times, until())) };
  tell('names', figures);
  const known = await timeNames(resolver, () => `kubernetes.default.svc.${clusterDomain}`, times, until());
  const unknown = () => `slipway-bench-${randomBytes(6).toString('hex')}.default.svc.${clusterDomain}`;
  const asked = await timeNames(resolver, unknown, times, until());
  figures = { ...figures, knownName: latencyOf(known), clusterName: latencyOf(asked) };
  for (const { step, direction, connections } of transfers) {
    tell(step, figures);
    const found = await transferred(resolver, {
      ...{ direction, connections, milliseconds: transferMilliseconds, bytesAtMost: transferBytes },
    });
    figures = { ...figures, transfers: [...figures.transfers, ...(found === null ? [] : [found])] };
  }
  return figures;
}

async function transferred(address: string, asked: Transfer): Promise<TransferFigures | null> {
  let isOver = false;
  const [samples, beside] = await Promise.all([
    transfer(address, asked).finally(() => {
      isOver = true;
    }),
    asked.connections === 1 ? timeRequestsBeside(address, () => isOver) : { took: [], unanswered: 0 },
  ]);
  const figures = throughputOf(samples, warmUp);
  const { direction, connections } = asked;
  return figures === null ? null : { direction, connections, ...figures, requestBeside: latencyOf(beside) };
}

/** Why measuring ended: as a problem of the connection with a context. */
export function benchProblem(
  { code, message }: { code?: string | undefined; message: string },
  context: string,
): Problem {
  return code === 'ECONNREFUSED'
    ? problem('bench-busy', cause('benchRefused'), { context })
    : problem('bench-broken', cause('benchBroken', { reason: message }), { context });
}
