/**
 * No fault at all: mixed traffic, a window that watches, and a cluster in which things change. Nothing goes wrong, and no
 * process grows: the core by what it holds after its garbage is gone, the others by resident memory, all by descriptors.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CoreLink } from '../../app/contract/index.ts';
import { growthOf, type Sample } from '../soak/growth.ts';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { agentProcesses } from './agent-processes.ts';
import { EchoStreams } from './echo-streams.ts';
import { PhaseWatch } from './phase-watch.ts';
import { vitalsOf } from './process-vitals.ts';
import { eventually, must } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

interface Told {
  readonly done: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

describe('mixed traffic', () => {
  let scene: Scene;
  const record = new FaultRecord('traffic');
  const { blob, echo, http } = workload;
  const samples = new Map<string, Sample[]>();

  beforeAll(async () => {
    scene = await setScene('plain', 'traffic', { GODEBUG: isSoak ? 'schedtrace=60000,scheddetail=1' : '' });
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
  });

  /** As a window has them, with nobody who looks. */
  async function subscribe(link: CoreLink): Promise<void> {
    const { connections } = await scene.product.snapshot();
    const live = connections.find(({ phase }) => phase === 'connected');
    const key = { context: live?.cluster.context ?? '' };
    const ignore = () => {};
    link.subscribe('activity', {}, ignore, ignore);
    link.subscribe('services', key, ignore, ignore);
    link.subscribe('pods', key, ignore, ignore);
    link.subscribe('counters', key, ignore, ignore);
  }

  function startTraffic(): ChildProcess {
    const program = path.join(import.meta.dirname, 'mixed-traffic.mjs');
    const outside = Object.keys(workload.outside)[0] ?? '';
    const words = [http.fullName, blob.name, `${echo.name}:${echo.port}`, outside];
    const [command = '', ...rest] = [...scene.laptop.enter, process.execPath, program, ...words];
    return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...scene.laptop.environment } });
  }

  async function ask(traffic: ChildProcess): Promise<Told> {
    traffic.stdin?.write('\n');
    const [line] = (await once(traffic.stdout ?? traffic, 'data')) as [Buffer];
    return JSON.parse(line.toString()) as Told;
  }

  function sample(what: string, hours: number, value: number): void {
    samples.set(what, [...(samples.get(what) ?? []), { hours, value }]);
  }

  async function sampleAll(began: number, minute: number): Promise<void> {
    const hours = (Date.now() - began) / 3_600_000;
    const agents = agentProcesses((await scene.agents()).map(({ metadata }) => metadata.uid));
    const { product } = scene;
    const ids = {
      core: product.processIds('core'),
      engine: product.processIds('engine'),
      helper: product.processIds('helper'),
      agent: agents,
    };
    for (const [name, [id]] of Object.entries(ids)) {
      if (id === undefined) {
        throw new Error(`no ${name} runs`);
      }
      const { resident, descriptors, threads } = vitalsOf(id);
      sample(`${name}: resident`, hours, resident);
      sample(`${name}: descriptors`, hours, descriptors);
      sample(`${name}: threads`, hours, threads);
    }
    const [core] = ids.core;
    const folder = process.env.SLIPWAY_HEAP_SNAPSHOTS;
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
    }
    const snapshot =
      folder !== undefined && minute % 10 === 5 ? [path.join(folder, `core-${minute}.heapsnapshot`)] : [];
    const program = path.join(import.meta.dirname, 'core-heap.mjs');
    const heap = JSON.parse(
      await must(scene.laptop, [process.execPath, program, `${core}`, ...snapshot], { deadline: 60_000 }),
    ) as Record<string, number>;
    for (const part of ['heapUsed', 'external', 'arrayBuffers']) {
      sample(`core: ${part}`, hours, (heap[part] ?? Number.NaN) / 2 ** 20);
    }
    process.stdout.write(
      `${minute} min: ${[...samples].map(([what, taken]) => `${what} ${taken.at(-1)?.value.toFixed(1)}`).join(', ')}\n`,
    );
  }

  it('is carried without an error, and nothing grows', { timeout: record.rounds * 90_000 + 120_000 }, async () => {
    const watch = await PhaseWatch.begin(scene.product);
    const link = await scene.product.link();
    if (link === null) {
      throw new Error('no core runs');
    }
    await subscribe(link);
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 4, 100_000);
    const traffic = startTraffic();
    const wrong: string[] = [];
    const began = Date.now();
    try {
      for (let minute = 1; minute <= Math.ceil(record.rounds); minute++) {
        await pause(Math.max(0, began + Math.min(minute, record.rounds) * 60_000 - Date.now()));
        const told = await ask(traffic);
        wrong.push(...told.wrong);
        record.did(Math.min(1, record.rounds));
        if (isSoak) {
          const change = `soak.slipway.dev/minute=${minute}`;
          await scene.cluster.kubectl(['annotate', 'service', '-A', '--all', '--overwrite', change]);
          await sampleAll(began, minute);
          for (const text of told.wrong) {
            process.stdout.write(`${text}\n`);
          }
          record.keep();
        }
      }
      const { moved, broken } = await streams.tell();
      let done: Told['done'] = {};
      const isAll = async () => {
        const told = await ask(traffic);
        wrong.push(...told.wrong);
        done = told.done;
        return Object.keys(done).length === 6;
      };
      expect(await eventually(isAll, 30_000), `only ${Object.keys(done).join(', ')}`).toBe(true);
      record.saw(
        'requests',
        Object.values(done).reduce((sum, count) => sum + count, 0),
      );
      expect(moved).toBeGreaterThan(0);
      expect(broken).toEqual([]);
    } finally {
      traffic.stdin?.end();
      streams.end();
      link.close();
      watch.end();
    }
    for (const [what, all] of samples) {
      // The first third is warm-up.
      const settled = all.slice(Math.floor(all.length / 3));
      if (settled.length >= 5) {
        const unit = /descriptors|threads/.test(what) ? '/h' : ' MiB/h';
        record.saw(`${what},${unit}`, growthOf(settled));
        record.saw(`${what} at the end`, settled.at(-1)?.value ?? Number.NaN);
      }
    }
    for (const text of wrong) {
      record.failed(text);
    }
    expect(wrong).toEqual([]);
    expect(watch.phases, 'an alarm without a fault').toEqual(['connected']);
  });
});
