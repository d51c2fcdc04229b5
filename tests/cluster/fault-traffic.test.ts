/**
 * No fault at all: mixed traffic, a window that watches, and a cluster in which things change. Nothing goes wrong, and no
 * process grows. Looked at each minute, while the traffic rests and after a collection: resident memory (of the core what
 * its heap holds, as V8 gives back late), descriptors, goroutines.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CoreLink } from '../../app/contract/index.ts';
import { growthOf, rises, type Sample } from '../soak/growth.ts';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { agentProcesses } from './agent-processes.ts';
import { EchoStreams } from './echo-streams.ts';
import { PhaseWatch } from './phase-watch.ts';
import { vitalsOf } from './process-vitals.ts';
import type { ProcessKind } from './product.ts';
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
    scene = await setScene('plain', 'traffic');
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

  async function ask(traffic: ChildProcess, line = ''): Promise<Told> {
    traffic.stdin?.write(`${line}\n`);
    const [answer] = (await once(traffic.stdout ?? traffic, 'data')) as [Buffer];
    return JSON.parse(answer.toString()) as Told;
  }

  function sample(what: string, hours: number, value: number): void {
    samples.set(what, [...(samples.get(what) ?? []), { hours, value }]);
  }

  /** What the programs in Go say when they are asked by a signal (native/internal/vitals). */
  async function saidByAll(): Promise<Readonly<Record<string, string>>> {
    const { product, cluster } = scene;
    const logs: Readonly<Record<string, () => Promise<string>>> = {
      engine: async () => readFileSync(path.join(product.folder, 'state/engine.log'), 'utf8'),
      helper: async () => readFileSync(path.join(product.folder, 'state/helper.log'), 'utf8'),
      agent: async () => {
        const [pod] = await scene.agents();
        return cluster.kubectl(['logs', '-n', pod?.metadata.namespace ?? '', pod?.metadata.name ?? '']);
      },
    };
    const said: Record<string, string> = {};
    for (const [name, read] of Object.entries(logs)) {
      const count = async () => (await read()).split('msg=vitals').length;
      const before = await count();
      process.kill((await idOf(name)) ?? 0, 'SIGUSR1');
      expect(await eventually(async () => (await count()) > before, 20_000), `${name} says nothing`).toBe(true);
      said[name] = (await read()).split('msg=vitals').at(-1) ?? '';
    }
    return said;
  }

  async function idOf(name: string): Promise<number> {
    const ids =
      name === 'agent'
        ? agentProcesses((await scene.agents()).map(({ metadata }) => metadata.uid))
        : scene.product.processIds(name as ProcessKind);
    const [id] = ids;
    if (id === undefined) {
      throw new Error(`no ${name} runs`);
    }
    return id;
  }

  async function sampleAll(began: number, minute: number): Promise<void> {
    const hours = (Date.now() - began) / 3_600_000;
    const said = await saidByAll();
    const live = await heldByCore(minute);
    for (const name of ['core', 'engine', 'helper', 'agent']) {
      const { resident, anonymous, mapped, descriptors, threads } = vitalsOf(await idOf(name));
      sample(`${name}: descriptors`, hours, descriptors);
      sample(`${name}: threads`, hours, threads);
      sample(`${name}: resident, MB`, hours, (resident * 2 ** 20) / 1e6);
      sample(`${name}: its own memory, MB`, hours, (anonymous * 2 ** 20) / 1e6);
      sample(`${name}: its program, MB`, hours, (mapped * 2 ** 20) / 1e6);
      for (const [, what, value] of (said[name] ?? '').matchAll(/(\w+)=(\d+)/g)) {
        if (what === 'goroutines') {
          sample(`${name}: goroutines`, hours, Number(value));
        } else {
          sample(`${name}: ${what}, MB`, hours, Number(value) / 1e6);
        }
      }
      if (name === 'core') {
        sample('core: heap, MB', hours, live);
      }
    }
    process.stdout.write(
      `${minute} min: ${[...samples].map(([what, taken]) => `${what} ${taken.at(-1)?.value.toFixed(2)}`).join(', ')}\n`,
    );
  }

  /** MB of JavaScript and of what belongs to it outside of its heap. */
  async function heldByCore(minute: number): Promise<number> {
    const folder = process.env.SLIPWAY_HEAP_SNAPSHOTS;
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
    }
    const snapshot =
      folder !== undefined && minute % 10 === 5 ? [path.join(folder, `core-${minute}.heapsnapshot`)] : [];
    const program = path.join(import.meta.dirname, 'core-heap.mjs');
    const heap = JSON.parse(
      await must(scene.laptop, [process.execPath, program, `${await idOf('core')}`, ...snapshot], { deadline: 60_000 }),
    ) as { heapUsed: number; external: number };
    return (heap.heapUsed + heap.external) / 1e6;
  }

  /** The first third is warm-up. */
  function tellGrowth(): void {
    for (const [what, all] of samples) {
      const settled = all.slice(Math.floor(all.length / 3));
      if (settled.length < 5) {
        continue;
      }
      if (what.endsWith(', MB')) {
        const { perHour, atMost } = growthOf(settled);
        record.saw(`${what}/h`, perHour);
        record.saw(`${what}/h at most`, atMost);
        record.saw(what, settled.at(-1)?.value ?? Number.NaN);
      } else {
        for (const { value } of settled) {
          record.saw(what, value);
        }
        if (rises(settled)) {
          record.failed(`${what} rise: ${settled.map(({ value }) => value).join(', ')}`);
        }
      }
    }
  }

  it('is carried without an error, and nothing grows', { timeout: record.rounds * 90_000 + 120_000 }, () =>
    record.whole(isCarried),
  );

  async function isCarried(): Promise<void> {
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
        const told = await ask(traffic, isSoak ? 'rest' : '');
        wrong.push(...told.wrong);
        record.did(Math.min(1, record.rounds));
        if (isSoak) {
          await streams.rest();
          await pause(2000); // what was closed last is let go
          await sampleAll(began, minute);
          const change = `soak.slipway.dev/minute=${minute}`;
          await scene.cluster.kubectl(['annotate', 'service', '-A', '--all', '--overwrite', change]);
          wrong.push(...(await ask(traffic)).wrong);
          await streams.tell();
          for (const text of told.wrong) {
            process.stdout.write(`${text}\n`);
          }
          record.keep();
        }
      }
      await streams.move(30_000);
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
    } finally {
      traffic.stdin?.end();
      streams.end();
      link.close();
      watch.end();
    }
    tellGrowth();
    expect(wrong).toEqual([]);
    expect(watch.phases, 'an alarm without a fault').toEqual(['connected']);
  }
});
