/**
 * Measuring by ordinary sockets of this process, as a program of this computer has them. Every socket ends with the signal,
 * and with the process.
 */
import { Resolver } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import type { Sample } from './figures.ts';

export interface MeasuringPorts {
  readonly echo: number;
  readonly discard: number;
  readonly source: number;
}

/** Those of the agent, as native/internal/measure has them. */
const agentPorts: MeasuringPorts = { echo: 7, discard: 9, source: 19 };

/** Milliseconds that a connection, or the answer to one small request, may take. */
const usualPatience = 5000;

/** Bytes of a small request, of one write of a transfer, and between two samples of it in milliseconds. */
const small = 64;
const block = Buffer.alloc(64 << 10, 'slipway ');
const sampleEvery = 250;

/** Milliseconds between two small requests beside a transfer: they must not become one themselves. */
const besideEvery = 20;

export interface Transfer {
  readonly direction: 'up' | 'down';
  readonly connections: number;
  readonly milliseconds: number;
  /** It ends early once so many bytes moved. */
  readonly bytesAtMost: number;
}

export function open(address: string, port: number, patience = usualPatience): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Unanswered(patience)), patience);
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error); // whoever has it by then hears that it closed
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

/** Nothing came back in time: counted, where others were answered. */
class Unanswered extends Error {
  constructor(patience: number) {
    super(`no answer within ${patience / 1000} s`);
  }
}

/** Durations in milliseconds of what was answered, and how much was not within the patience. */
export interface Timed {
  readonly took: readonly number[];
  readonly unanswered: number;
}

/** One after another while there is need. That the first is not answered is an error where `mustAnswer`. */
async function timed(
  one: () => Promise<number>,
  isNeeded: (count: number) => boolean,
  mustAnswer = true,
): Promise<Timed> {
  const took: number[] = [];
  let unanswered = 0;
  while (isNeeded(took.length)) {
    try {
      took.push(await one());
    } catch (error) {
      if (!(error instanceof Unanswered) || (mustAnswer && took.length === 0)) {
        throw error;
      }
      unanswered += 1;
    }
  }
  return { took, unanswered };
}

/** Of connecting and of nothing else, one after another, until `until` (performance.now) or `count` of them. */
export function timeConnections(address: string, count: number, until: number, ports = agentPorts): Promise<Timed> {
  return timed(
    async () => {
      const startedAt = performance.now();
      const socket = await open(address, ports.echo);
      const took = performance.now() - startedAt;
      socket.destroy();
      return took;
    },
    (made) => made < count && performance.now() < until,
  );
}

/**
 * Of small requests on one connection, which is left out, and so is the first: it is what wakes everything up. After one
 * that is not answered it is another connection.
 */
export async function timeRequests(
  address: string,
  isEnough: (count: number) => boolean,
  { pause = 0, mustAnswer = true, patience = usualPatience, ports = agentPorts } = {},
): Promise<Timed> {
  let socket: Socket | null = null;
  try {
    return await timed(
      async () => {
        try {
          if (socket === null) {
            socket = await open(address, ports.echo, patience);
            await echo(socket, patience);
          } else if (pause > 0) {
            await new Promise((resolve) => setTimeout(resolve, pause));
          }
          const startedAt = performance.now();
          await echo(socket, patience);
          return performance.now() - startedAt;
        } catch (error) {
          socket?.destroy();
          socket = null;
          throw error;
        }
      },
      (count) => !isEnough(count),
      mustAnswer,
    );
  } finally {
    (socket as Socket | null)?.destroy();
  }
}

/** Whoever measures beside a transfer: it may keep every answer back. */
export const timeRequestsBeside = (address: string, isOver: () => boolean): Promise<Timed> =>
  timeRequests(address, isOver, { pause: besideEvery, mustAnswer: false });

function echo(socket: Socket, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = small;
    const settle = (error: Error | null) => {
      clearTimeout(timer);
      socket.off('data', heard).off('error', settle).off('close', closed);
      if (error === null) {
        resolve();
      } else {
        reject(error);
      }
    };
    const heard = (bytes: Buffer) => {
      missing -= bytes.length;
      if (missing <= 0) {
        settle(null);
      }
    };
    const closed = () => settle(new Error('the agent closed the connection'));
    const timer = setTimeout(() => settle(new Unanswered(patience)), patience);
    socket.on('data', heard).on('error', settle).on('close', closed);
    socket.write(block.subarray(0, small));
  });
}

/** Of questions to the answerer at an address. A name that does not exist is an answer. */
export function timeNames(resolver: string, names: () => string, count: number, until: number): Promise<Timed> {
  const asking = new Resolver({ timeout: usualPatience, tries: 1 });
  asking.setServers([resolver]);
  return timed(
    async () => {
      const startedAt = performance.now();
      try {
        await asking.resolve4(names());
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ETIMEOUT') {
          throw new Unanswered(usualPatience);
        }
        if (code !== 'ENOTFOUND' && code !== 'ENODATA') {
          throw error;
        }
      }
      return performance.now() - startedAt;
    },
    (asked) => asked < count && performance.now() < until,
  );
}

/** Moves as much as goes, and tells how much had been moved when. Up counts what the agent says that it has. */
export async function transfer(address: string, asked: Transfer, ports = agentPorts): Promise<Sample[]> {
  const port = asked.direction === 'up' ? ports.discard : ports.source;
  const sockets = await openAll(address, port, asked.connections);
  const counts = sockets.map(() => 0);
  const total = () => counts.reduce((sum, count) => sum + count, 0);
  const samples: Sample[] = [{ at: performance.now(), bytes: 0 }];
  const sample = () => samples.push({ at: performance.now(), bytes: total() });
  let timers: NodeJS.Timeout[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const moved = () => {
        if (total() >= asked.bytesAtMost) {
          resolve();
        }
      };
      timers = [setInterval(sample, sampleEvery), setTimeout(resolve, asked.milliseconds)];
      sockets.forEach((socket, index) => {
        const closed = () => reject(new Error('the agent closed the connection'));
        socket.on('error', reject).on('close', closed);
        if (socket.destroyed) {
          closed();
        }
        const add = asked.direction === 'up' ? pushing(socket) : (bytes: Buffer) => (counts[index] ?? 0) + bytes.length;
        socket.on('data', (bytes) => {
          counts[index] = add(bytes) ?? counts[index] ?? 0;
          moved();
        });
      });
    });
    sample();
  } finally {
    timers.forEach(clearTimeout);
    for (const socket of sockets) {
      socket.removeAllListeners('close');
      socket.resetAndDestroy(); // what waits in it need not go any more
    }
  }
  return samples;
}

/** All of them or, where one fails, none. */
export async function openAll(address: string, port: number, count: number): Promise<Socket[]> {
  const tried = await Promise.allSettled(Array.from({ length: count }, () => open(address, port)));
  const opened = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = tried.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    for (const socket of opened) {
      socket.destroy();
    }
    throw failed.reason;
  }
  return opened;
}

/** Writes without end, and lets others have a turn after each block: a kernel that takes all of it would keep them out. Answers how many bytes the agent has by what it says; null where that is cut off yet. */
function pushing(socket: Socket): (bytes: Buffer) => number | null {
  const push = () => {
    if (socket.writable && socket.write(block)) {
      setImmediate(push);
    }
  };
  socket.on('drain', () => setImmediate(push));
  push();
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const whole = rest.length - (rest.length % 8);
    const said = whole === 0 ? null : Number(rest.readBigUInt64BE(whole - 8));
    rest = rest.subarray(whole);
    return said;
  };
}
