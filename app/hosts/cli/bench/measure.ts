/** The measurements of one path to the agent, in order, each within bounds of time and bytes. */
import { randomBytes } from 'node:crypto';
import type { Connection, Path } from '../../../contract/index.ts';
import { type Latency, latencyOf, type Throughput, throughputOf } from './figures.ts';
import { type Transfer, timeConnections, timeNames, timeRequests, timeRequestsBeside, transfer } from './sockets.ts';

export type Connected = Extract<Connection, { phase: 'connected' }>;

/** What a small request waits beside a transfer says what the transfer costs others. */
export interface TransferFigures extends Throughput {
  readonly direction: 'up' | 'down';
  readonly connections: number;
  readonly requestBeside: Latency | null; // not measured beside several
}

/** Durations are milliseconds; null where nothing could be measured in time. */
export interface PathFigures {
  readonly path: Path;
  readonly request: Latency | null; // 64 bytes there and back on a connection that stands
  readonly connection: Latency | null; // to the agent itself
  readonly knownName: Latency | null; // that Slipway answers by itself
  readonly clusterName: Latency | null; // that the cluster's DNS has to be asked for
  readonly transfers: readonly TransferFigures[];
}

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

export const transferKinds = [
  { direction: 'down', connections: 1 },
  { direction: 'up', connections: 1 },
  { direction: 'down', connections: 8 },
  { direction: 'up', connections: 8 },
] as const;

/** `tell` hears what is being measured. */
export async function measurePath(
  { path, names }: Connected,
  { transferMilliseconds, transferBytes }: Bounds,
  tell: (what: string) => void,
): Promise<PathFigures> {
  const { resolver, clusterDomain } = names;
  const until = () => performance.now() + smallMilliseconds;
  tell('small requests');
  const requestsEnd = until();
  const requests = await timeRequests(resolver, (count) => count >= times || performance.now() >= requestsEnd);
  tell('new connections');
  const connections = await timeConnections(resolver, times, until());
  tell('names');
  const known = await timeNames(resolver, () => `kubernetes.default.svc.${clusterDomain}`, times, until());
  const unknown = () => `slipway-bench-${randomBytes(6).toString('hex')}.default.svc.${clusterDomain}`;
  const asked = await timeNames(resolver, unknown, times, until());
  const transfers: TransferFigures[] = [];
  for (const { direction, connections: count } of transferKinds) {
    tell(
      `${direction === 'down' ? 'download' : 'upload'} over ${count === 1 ? 'one connection' : `${count} connections`}`,
    );
    const figures = await transferred(resolver, {
      direction,
      connections: count,
      milliseconds: transferMilliseconds,
      bytesAtMost: transferBytes,
    });
    transfers.push(...(figures === null ? [] : [figures]));
  }
  return {
    path,
    request: latencyOf(requests),
    connection: latencyOf(connections),
    knownName: latencyOf(known),
    clusterName: latencyOf(asked),
    transfers,
  };
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
