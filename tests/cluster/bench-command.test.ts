/** `slipway bench` and where the time of a connection goes, on a real cluster: figures, refusals, Ctrl-C, a slow link. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BenchItem, type Explanation, snapshotSchema, streams } from '../../app/contract/index.ts';
import { ownLaptop } from './sandbox-options.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';
import { Terminal } from './terminal.ts';

interface Latency {
  readonly p50: number;
  readonly count: number;
}

interface Result {
  readonly context: string;
  readonly paths: readonly {
    readonly path: string;
    readonly request: Latency;
    readonly connection: Latency;
    readonly knownName: Latency;
    readonly clusterName: Latency;
    readonly transfers: readonly {
      readonly direction: string;
      readonly connections: number;
      readonly mean: number;
      readonly bytes: number;
      readonly requestBeside: Latency | null;
    }[];
  }[];
}

describe('measuring the connection', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await setScene('plain', 'bench');
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  it('refuses while nothing is on', async () => {
    const refused = await scene.product.slipway(['bench', '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('not-connected');
  });

  it('says what it would move, and moves nothing where nobody can agree', async () => {
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
    const refused = await scene.product.slipway(['bench']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/at most 1 GB/);
    expect(refused.stderr).toContain('--yes');
  });

  it('measures every figure', async () => {
    const measured = await scene.product.slipway(['bench', '--yes', '--seconds', '1', '-o', 'json']);
    expect(measured.code, measured.stderr).toBe(0);
    const { context, paths } = JSON.parse(measured.stdout) as Result;
    expect(context).toBe('sandbox');
    const [figures] = paths;
    const { connections } = snapshotSchema.parse(
      JSON.parse((await scene.product.slipway(['status', '-o', 'json'])).stdout),
    );
    expect(connections).toMatchObject([{ phase: 'connected', path: figures?.path }]);
    for (const kind of ['request', 'connection', 'knownName', 'clusterName'] as const) {
      expect(figures?.[kind]?.count, kind).toBeGreaterThan(0);
    }
    expect(figures?.transfers.map(({ direction, connections }) => `${direction} ${connections}`)).toEqual([
      'down 1',
      'up 1',
      'down 8',
      'up 8',
    ]);
    for (const { mean, bytes } of figures?.transfers ?? []) {
      expect(mean).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(400_000_000);
    }
  });

  // The agent serves sixteen connections of a session at once: what two of these left would be in the way of a third.
  it('leaves nothing behind Ctrl-C in the middle of eight transfers', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const program = join(process.cwd(), 'app/hosts/cli/slipway.mjs');
      const opened = new Terminal(scene.product.place, [
        process.execPath,
        program,
        'bench',
        '--yes',
        '--seconds',
        '20',
      ]);
      expect(await opened.says('measuring download over 8 connections', 80_000), opened.stderr).toBe(true);
      expect(await opened.interrupt()).toBeGreaterThan(128); // by the signal
      expect(opened.stdout).toBe('');
    }
    const measured = await scene.product.slipway(['bench', '--yes', '--seconds', '1']);
    expect(measured.code, measured.stderr).toBe(0);
  });

  describe('for a window', () => {
    /** As the window measures: a subscription of a link of its own. */
    async function measure(seconds: number) {
      const link = (await scene.product.link()) ?? expect.fail('no core runs');
      const items: BenchItem[] = [];
      const stop = link.subscribe(
        'bench',
        { context: 'sandbox', seconds },
        (item) => items.push(streams.bench.item.parse(item)),
        () => {},
      );
      return { items, stop, close: () => link.close() };
    }
    const measuring = () => scene.product.processIds('core').filter((id) => isBench(id));
    const isBench = (id: number) => readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes('bench');
    const gone = () => expect.poll(measuring, { timeout: 5000 }).toEqual([]);
    const reaches = (items: BenchItem[], step: BenchItem['step']) =>
      expect.poll(() => items.at(-1)?.problem ?? items.at(-1)?.step, { timeout: 60_000 }).toBe(step);

    it('tells each figure when it is known, by a process that ends with the last', async () => {
      const { items, close } = await measure(1);
      await expect.poll(() => items.at(-1)?.state ?? 'measuring', { timeout: 60_000 }).not.toBe('measuring');
      expect(items.at(-1)?.problem).toBeNull();
      const { figures } = items.at(-1) ?? expect.fail('nothing was said');
      expect(figures.transfers.map(({ direction, connections }) => `${direction} ${connections}`)).toEqual([
        'down 1',
        'up 1',
        'down 8',
        'up 8',
      ]);
      expect(figures.clusterName?.count).toBeGreaterThan(0);
      expect(items.some(({ figures: known }) => known.request !== null && known.transfers.length === 0)).toBe(true);
      await gone();
      close();
    });

    it.each([
      ['it is cancelled', async (stop: () => void) => stop()],
      ['the window is closed', async (_: () => void, close: () => void) => close()],
    ])('leaves nothing when %s in the middle of eight transfers', async (_, end) => {
      const { items, stop, close } = await measure(20);
      await reaches(items, 'down8');
      expect(measuring()).toHaveLength(1);
      await end(stop, close);
      await gone();
      close();
      const measured = await scene.product.slipway(['bench', '--yes', '--seconds', '1']);
      expect(measured.code, measured.stderr).toBe(0);
    });

    it('leaves nothing when the core is killed', async () => {
      const { items, close } = await measure(20);
      await reaches(items, 'down1');
      const [bench = 0] = measuring();
      const core = scene.product.processIds('core').find((id) => id !== bench) ?? expect.fail('no core');
      process.kill(core, 'SIGKILL');
      await gone();
      close();
      await scene.product.connect('sandbox', '--namespace', workload.http.namespace);
    });
  });

  it('prints what fits a terminal of 80 columns', async () => {
    const measured = await scene.product.slipway(['bench', '--yes', '--seconds', '1']);
    expect(measured.code, measured.stderr).toBe(0);
    expect(measured.stderr).toContain('nothing else was under way');
    expect(measured.stdout).toContain('\n\nTHROUGHPUT');
    expect(measured.stdout).toMatch(/^small request, there and back +[\d.]+ m?s +[\d.]+ m?s +\d+$/m);
    expect(measured.stdout).toMatch(
      /^download, 8 connections +[\d.]+ Mbit\/s +[\d.]+ Mbit\/s +[\d.]+ Mbit\/s +\S+ \S+$/m,
    );
    expect(measured.stderr).toMatch(/^Moved .* on \d+ processors?\.$/m);
    expect(measured.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('says where the time of a connection goes', async () => {
    const explained = await scene.product.slipway(['explain', workload.http.fullName, '-o', 'json']);
    expect(explained.code, explained.stderr).toBe(0);
    const { times } = JSON.parse(explained.stdout) as Explanation;
    expect(times?.service).not.toBeNull();
    expect(times?.tunnel).toBeGreaterThan(0);
    expect(times?.dial).toBeGreaterThan(0);
  });

  it('tells a slow link as the tunnel', async () => {
    const delay = 300;
    await scene.sandbox.setLink(
      { delayMilliseconds: delay, rateBitsPerSecond: 1e9, lossFraction: 0 },
      ownLaptop('plain'),
    );
    try {
      const explained = await scene.product.slipway(['explain', workload.http.fullName, '-o', 'json']);
      const { times } = JSON.parse(explained.stdout) as Explanation;
      expect(times?.tunnel, explained.stdout).toBeGreaterThanOrEqual(4 * delay - 1); // there and back, twice
      expect(times?.slow).toBe('tunnel');
      expect(times?.answer).toContain('the tunnel is slow');
    } finally {
      await scene.sandbox.setLink(undefined, ownLaptop('plain'));
    }
  });
});
