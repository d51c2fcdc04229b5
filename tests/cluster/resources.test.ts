/**
 * What runs out: room on the disk, file descriptors, memory of the agent's pod. It says so or goes on, and the laptop is as it was.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { agentProcesses } from './agent-processes.ts';
import { HeldConnection } from './held-connection.ts';
import { ManyConnections } from './many-connections.ts';
import { vitalsOf } from './process-vitals.ts';
import type { ProcessKind, Product } from './product.ts';
import { eventually, must, type Outcome, run } from './programs.ts';
import { Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

const longest = 6 * 60 * 60 * 1000;

describe('a computer that runs out of', () => {
  let refusals: Refusals;
  let record: FaultRecord;
  const root = (...command: string[]) => must(refusals.scene.laptop, command);
  const orders = () => run(refusals.scene.laptop, ['curl', '-sS', '-o', '/dev/null', '-m', '5', 'http://orders/']);

  beforeAll(async () => {
    refusals = await Refusals.begin('resources');
    record = new FaultRecord('resources');
  });
  afterAll(() => refusals.close());

  /** It works, or a problem with code, cause and fix says why not. */
  function expectClear(outcome: Outcome): void {
    if (outcome.code !== 0) {
      expect(outcome.stderr).toMatch(/\[[a-z-]+\]/);
      expect(outcome.stderr).toMatch(/^ {2}(what to do|run|read|to copy):/m);
      expect(outcome.stderr).not.toMatch(/\[internal\]/);
    }
    expect(outcome.code, 'it ended by itself').not.toBe(124);
  }

  /** Folders of a product on a disk of its own that has no room. */
  async function fullDisk(product: Product, ...names: string[]): Promise<() => Promise<void>> {
    const places = names.map((name) => join(product.folder, name));
    for (const place of places) {
      mkdirSync(place, { recursive: true, mode: 0o700 });
      await root('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', place);
      await run(refusals.scene.laptop, ['sh', '-c', `cat /dev/zero > ${place}/filler`]);
    }
    return async () => {
      for (const place of places) {
        await root('umount', '-l', place);
      }
    };
  }

  async function diskFull(): Promise<void> {
    const product = refusals.productWith(refusals.kubeconfig);
    const mend = await fullDisk(product, 'state', 'config');
    try {
      const outcome = await product.slipway(['connect', ...usual]);
      expectClear(outcome);
      record.saw('connects on a full disk', outcome.code === 0 ? 1 : 0);
      if (outcome.code === 0) {
        expect((await orders()).code).toBe(0);
        expectClear(await product.slipway(['settings', 'set', 'recover', 'false']));
        expect((await product.slipway(['disconnect'])).code).toBe(0);
      }
      await refusals.expectUnchanged(product);
    } finally {
      await mend();
    }
  }

  /** Lets a process open no file that it has not open now, until this is undone. */
  async function noDescriptors(product: Product, kind: ProcessKind): Promise<() => Promise<void>> {
    const [id] = product.processIds(kind);
    const limits = async (text: string) => void (await root('prlimit', '--pid', String(id), `--nofile=${text}`));
    const shown = await root('prlimit', '--pid', String(id), '--nofile', '--output=SOFT,HARD', '--noheadings');
    const before = shown.trim().split(/\s+/).join(':');
    // Numbers below the limit that are free count, too: the lowest one is where the limit has to be.
    await limits(`3:${before.split(':')[1]}`);
    return () => limits(before);
  }

  async function descriptorsGone(kind: ProcessKind): Promise<void> {
    const product = refusals.productWith(refusals.kubeconfig);
    await product.connect(...usual);
    const held = new HeldConnection(refusals.scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '300ms');
    try {
      expect(await eventually(async () => held.echoes > 1, 20_000), 'it is open').toBe(true);
      const mend = await noDescriptors(product, kind);
      try {
        expect(await held.goesOn(20_000), `${kind}: ${held.output.slice(-200)}`).toBe(true);
        const status = await product.slipway(['status'], { deadline: 30_000 });
        expect(status.code, `${kind}: status hangs`).not.toBe(124);
      } finally {
        await mend();
      }
      expect(await eventually(async () => (await orders()).code === 0, 30_000), `${kind}: usable again`).toBe(true);
      expect(await product.reaches('connected', 30_000)).toBe(true);
    } finally {
      held.end();
    }
    await refusals.expectUnchanged(product);
  }

  async function fewDescriptors(): Promise<void> {
    for (const limit of [24, 48]) {
      const product = refusals.productWith(refusals.kubeconfig);
      const limited = { ...product.place, enter: [...product.place.enter, 'prlimit', `--nofile=${limit}:${limit}`] };
      const outcome = await run(
        limited,
        [process.execPath, join(process.cwd(), 'app/hosts/cli/slipway.mjs'), 'connect', ...usual],
        { deadline: 90_000 },
      );
      expectClear(outcome);
      record.saw(`connects with ${limit} descriptors`, outcome.code === 0 ? 1 : 0);
      await refusals.expectUnchanged(product);
    }
  }

  /** Downloads that nobody reads: the agent holds some of each, and must stay under the limit of its pod. */
  async function memoryGone(): Promise<void> {
    const { scene } = refusals;
    const product = refusals.productWith(refusals.kubeconfig);
    await product.connect(...usual);
    const host = await scene.cluster.serviceAddress('webshop', 'catalog-images');
    const { port } = workload.blob;
    const held = new HeldConnection(scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '300ms');
    const many = new ManyConnections(scene.laptop);
    const agents = async () => agentProcesses((await scene.agents()).map(({ metadata }) => metadata.uid));
    try {
      expect(await eventually(async () => held.echoes > 1, 20_000), 'it is open').toBe(true);
      const before = await agents();
      const send = 'GET /blob?bytes=50000000 HTTP/1.1\r\nHost: blob\r\n\r\n';
      const { waiting } = await many.open({ host, port, count: 300, seconds: 60, send });
      expect(waiting).toBe(0);
      expect(await held.goesOn(30_000), held.output.slice(-200)).toBe(true);
      expect(await eventually(async () => (await orders()).code === 0, 30_000), 'others are served').toBe(true);
      expect(await agents(), 'it is the same agent').toEqual(before);
      for (const id of before) {
        record.saw('agent with 300 downloads that nobody reads, MiB', vitalsOf(id).resident);
      }
      await many.end();
      expect(await held.goesOn(30_000), held.output.slice(-200)).toBe(true);
      expect((await orders()).code).toBe(0);
    } finally {
      held.end();
      await many.end();
    }
    await refusals.expectUnchanged(product);
  }

  it(
    'says so or goes on, and is left as it was',
    async () => {
      await record.eachRound(async () => {
        await diskFull();
        await descriptorsGone('engine');
        if (isSoak) {
          await descriptorsGone('core');
          await fewDescriptors();
          await memoryGone();
        }
      });
    },
    longest,
  );
});
