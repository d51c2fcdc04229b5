import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { latencyOf, rateText, throughputOf } from './figures.ts';
import { openAll, timeConnections, timeRequests, transfer } from './sockets.ts';

describe('figures', () => {
  it('are of what was measured, by the nearest rank', () => {
    const took = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(latencyOf({ took, unanswered: 2 })).toEqual({ p50: 50, p95: 95, count: 100, unanswered: 2 });
    expect(latencyOf({ took: [7], unanswered: 0 })).toEqual({ p50: 7, p95: 7, count: 1, unanswered: 0 });
    expect(latencyOf({ took: [], unanswered: 1 })).toEqual({ p50: null, p95: null, count: 0, unanswered: 1 });
    expect(latencyOf({ took: [], unanswered: 0 })).toBeNull();
  });

  it('leave out how a transfer begins, and tell its slowest and fastest slice', () => {
    const samples = [0, 0, 0, 1000, 1500, 3500].map((bytes, index) => ({ at: index * 250, bytes }));
    expect(throughputOf(samples, 500)).toEqual({ mean: (3500 * 8000) / 750, least: 16_000, most: 64_000, bytes: 3500 });
  });

  it('take a transfer whole that was over or stood still before that, and none for one that moved nothing', () => {
    const at = (milliseconds: number, bytes: number) => ({ at: milliseconds, bytes });
    expect(throughputOf([at(0, 0), at(100, 1000)], 500)?.mean).toBe(80_000);
    expect(throughputOf([at(0, 0), at(100, 1000), at(600, 1000), at(1000, 1000)], 500)?.mean).toBe(8000);
    expect(throughputOf([at(0, 0), at(900, 0)], 500)).toBeNull();
    expect(throughputOf([], 500)).toBeNull();
  });

  it.each([
    [5_610_000, '5.61 Mbit/s'],
    [42_340_000, '42.3 Mbit/s'],
    [965_000_000, '965 Mbit/s'],
  ])('say %d as %s', (rate, text) => {
    expect(rateText(rate)).toBe(text);
  });
});

describe('measuring', () => {
  let server: Server;
  let serve: (socket: Socket) => void;
  const sockets = new Set<Socket>();
  const address = '127.0.0.1';
  const port = () => (server.address() as AddressInfo).port;
  const ports = () => ({ echo: port(), discard: port(), source: port() });

  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it('times requests and connections of one that echoes', async () => {
    serve = (socket) => void socket.pipe(socket);
    expect((await timeRequests(address, (count) => count >= 5, { ports: ports() })).took).toHaveLength(5);
    expect((await timeConnections(address, 5, Number.POSITIVE_INFINITY, ports())).took).toHaveLength(5);
    expect(await timeConnections(address, 5, 0, ports())).toEqual({ took: [], unanswered: 0 });
  });

  it('counts a request that is not answered, and goes on with another connection', async () => {
    let isFirst = true;
    serve = (socket) => {
      let heard = 0;
      const isDeaf = isFirst;
      isFirst = false;
      socket.on('data', (bytes) => {
        heard += bytes.length;
        if (!isDeaf || heard <= 3 * 64) {
          socket.write(bytes);
        }
      });
    };
    const { took, unanswered } = await timeRequests(address, (count) => count >= 6, { ports: ports(), patience: 200 });
    expect([took.length, unanswered]).toEqual([6, 1]);
    serve = (socket) => void socket.resume();
    const deaf = { ports: ports(), patience: 50 };
    await expect(timeRequests(address, () => false, deaf)).rejects.toThrow('no answer within 0.05 s');
  });

  it('counts of an upload only what the far end says that it has, also where that comes in pieces', async () => {
    serve = (socket) => {
      let got = 0;
      socket.on('data', ({ length }) => {
        got += length;
        const said = Buffer.alloc(8);
        said.writeBigUInt64BE(BigInt(Math.floor(got / 2)));
        socket.write(said.subarray(0, 3));
        socket.write(said.subarray(3));
      });
    };
    const most = 4_000_000;
    const samples = await transfer(
      address,
      { direction: 'up', connections: 2, milliseconds: 20_000, bytesAtMost: most },
      ports(),
    );
    expect(samples.at(-1)?.bytes).toBeGreaterThanOrEqual(most);
    expect(samples.map(({ bytes }) => bytes)).toEqual(samples.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
  });

  it('counts what a download brings, ends at its bound, and leaves no connection', async () => {
    serve = (socket) => {
      const push = () => {
        while (socket.writable && socket.write(Buffer.alloc(1 << 16))) {}
      };
      socket.on('drain', push);
      push();
    };
    const asked = { direction: 'down', connections: 3, milliseconds: 20_000, bytesAtMost: 8_000_000 } as const;
    expect((await transfer(address, asked, ports())).at(-1)?.bytes).toBeGreaterThanOrEqual(8_000_000);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it('says that the agent closed, and that nobody answers there', async () => {
    serve = (socket) => void socket.resume().end();
    await expect(timeRequests(address, () => false, { ports: ports() })).rejects.toThrow(/closed|ECONNRESET|EPIPE/);
    const asked = { direction: 'down', connections: 1, milliseconds: 20_000, bytesAtMost: 1 } as const;
    await expect(transfer(address, asked, ports())).rejects.toThrow(/closed|ECONNRESET/);
    const closed = port();
    await new Promise((resolve) => server.close(resolve));
    await expect(openAll(address, closed, 2)).rejects.toThrow('ECONNREFUSED');
    server.listen(0, address);
  });
});
