/** Thousands of connections at once, and dials to an address that nobody has: neither hangs, and nobody else waits. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { ManyConnections } from './many-connections.ts';
import { eventually, must } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/** A round waits until the agent has said that it has room again: for vitest, which asks for an end. */
const longest = 12 * 60 * 60 * 1000;

describe('many connections', () => {
  let scene: Scene;
  let many: ManyConnections;

  const orders = () => must(scene.laptop, ['curl', '-sS', '-o', '/dev/null', '-m', '5', 'http://orders']);
  const degraded = async () => {
    const [connection] = (await scene.product.snapshot()).connections;
    return connection?.phase === 'connected' ? connection.degraded : [];
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'many');
    many = new ManyConnections(scene.laptop);
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterEach(() => many.end());
  afterAll(async () => {
    await closeScene(scene);
  });

  it('carries 5,000, and others beside them', async () => {
    const { echo } = workload;
    const host = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    expect(await many.open({ host, port: echo.port, count: 5000, seconds: 40 })).toEqual({
      open: 5000,
      failed: {},
      waiting: 0,
    });
    await orders();
  });

  if (isSoak) {
    it(
      'carries 20,000 or refuses at once what it has no memory for',
      async () => {
        const record = new FaultRecord('many-connections');
        const isFull = async () => (await degraded()).some(({ code }) => code === 'agent-full');
        await record.eachRound(async () => {
          const { echo } = workload;
          const host = await scene.cluster.serviceAddress(echo.namespace, echo.service);
          // A process of the tests may not have so many files open.
          const halves = await Promise.all(
            [1, 2].map(() => many.open({ host, port: echo.port, count: 10_000, seconds: 100 })),
          );
          try {
            const carried = halves.reduce((sum, half) => sum + half.open, 0);
            const failed: Record<string, number> = {};
            for (const [code, count] of halves.flatMap((half) => Object.entries(half.failed))) {
              failed[code] = (failed[code] ?? 0) + count;
            }
            const waiting = halves.map((half) => half.waiting);
            expect({ failed, waiting }).toEqual({ failed: { ECONNREFUSED: 20_000 - carried }, waiting: [0, 0] });
            record.saw('carried', carried);
            expect(carried).toBeGreaterThan(8000);
            expect(await eventually(isFull, 15_000)).toBe(true);
          } finally {
            await many.end(); // a round that fails leaves none to the next
          }
          expect(await eventually(async () => !(await isFull()), 90_000)).toBe(true);
        });
      },
      longest,
    );
  }

  it('lets 2,000 dials to a dead address slow nobody else, and says what it refused', async () => {
    const [pod] = await scene.cluster.pods(workload.http.namespace, workload.http.selector);
    const dead = `${(pod?.status.podIP ?? '').split('.').slice(0, 3).join('.')}.251`;
    const dialled = many.open({ host: dead, port: 80, count: 2000, seconds: 20 });
    await orders();
    expect(
      await eventually(async () => (await degraded()).some(({ code }) => code === 'destination-silent'), 15_000),
    ).toBe(true);
    await orders();
    expect((await dialled).failed.EHOSTUNREACH).toBeGreaterThan(1000);
  });
});
