/** Thousands of connections at once, and dials to an address that nobody has: neither hangs, and nobody else waits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { eventually, must } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

interface Told {
  readonly open: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly waiting: number;
}

describe('many connections', () => {
  let scene: Scene;
  const running: ChildProcess[] = [];

  /** Opens connections, and holds them until the test ends. */
  async function open(host: string, port: number, count: number, seconds: number): Promise<Told> {
    const [program, ...words] = [
      ...scene.laptop.enter,
      process.execPath,
      path.join(import.meta.dirname, 'many-connections.mjs'),
      ...[host, String(port), String(count), String(seconds)],
    ];
    const child = spawn(program ?? '', words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...scene.laptop.environment },
    });
    running.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return JSON.parse(line.toString()) as Told;
  }

  const orders = () => must(scene.laptop, ['curl', '-sS', '-o', '/dev/null', '-m', '5', 'http://orders']);
  const degraded = async () => {
    const [connection] = (await scene.product.snapshot()).connections;
    return connection?.phase === 'connected' ? connection.degraded : [];
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'many');
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterEach(async () => {
    for (const child of running.splice(0)) {
      child.stdin?.end();
      await once(child, 'exit');
    }
  });
  afterAll(async () => {
    await closeScene(scene);
  });

  it('carries 5,000, and others beside them', async () => {
    const { echo } = workload;
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    expect(await open(address, echo.port, 5000, 40)).toEqual({ open: 5000, failed: {}, waiting: 0 });
    await orders();
  });

  if (isSoak) {
    it('carries 20,000 or refuses at once what it has no memory for', async () => {
      const record = new FaultRecord('many-connections');
      await record.eachRound(async () => {
        const { echo } = workload;
        const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
        // A process of the tests may not have so many files open.
        const halves = await Promise.all([1, 2].map(() => open(address, echo.port, 10_000, 100)));
        const carried = halves.reduce((sum, half) => sum + half.open, 0);
        const refused = halves.reduce((sum, half) => sum + (half.failed.ECONNREFUSED ?? 0), 0);
        expect({ refused, waiting: halves.map(({ waiting }) => waiting) }).toEqual({
          refused: 20_000 - carried,
          waiting: [0, 0],
        });
        record.saw('carried', carried);
        expect(carried).toBeGreaterThan(8000);
        expect(await eventually(async () => (await degraded()).some(({ code }) => code === 'agent-full'), 15_000)).toBe(
          true,
        );
      });
    });
  }

  it('lets 2,000 dials to a dead address slow nobody else, and says what it refused', async () => {
    const [pod] = await scene.cluster.pods(workload.http.namespace, workload.http.selector);
    const dead = `${(pod?.status.podIP ?? '').split('.').slice(0, 3).join('.')}.251`;
    const dialled = open(dead, 80, 2000, 20);
    await orders();
    expect(
      await eventually(async () => (await degraded()).some(({ code }) => code === 'destination-silent'), 15_000),
    ).toBe(true);
    await orders();
    expect((await dialled).failed.EHOSTUNREACH).toBeGreaterThan(1000);
  });
});
