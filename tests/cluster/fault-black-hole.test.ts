/**
 * The path to the API server swallows packets without a word: noticed within the bound, over by itself when it ends, and no
 * connection lost. Before each the connection is watched in peace, for an alarm without a fault.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { toServer } from './hops.ts';
import { OutsideNames } from './outside-names.ts';
import { PhaseWatch } from './phase-watch.ts';
import { eventually, must, run } from './programs.ts';
import { clusterAnswers } from './reachable.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/** Milliseconds without a fault before each: longer than it takes to notice one. */
const peace = isSoak ? 15_000 : 2000;

describe('a black hole', () => {
  let scene: Scene;
  let server: string;
  const record = new FaultRecord('black-hole');
  const { echo, http } = workload;

  const answers = () => clusterAnswers(scene.laptop);

  /** Rules of the laptop's firewall, each a chain and what matches. */
  const kinds: Readonly<Record<string, () => Promise<string[][]>>> = {
    'nothing goes out': async () => [['OUTPUT', '-d', server]],
    'nothing comes in': async () => [['INPUT', '-s', server]],
    'neither way': async () => [
      ['OUTPUT', '-d', server],
      ['INPUT', '-s', server],
    ],
    // As where a router forgot them, after it was started anew or because they were quiet for long.
    'connections that there are, not new ones': async () =>
      (await toServer(scene, server).connections()).map((ends) => {
        const port = /src \S+:(\d+) /.exec(ends)?.[1] ?? '';
        return ['OUTPUT', '-d', server, '-p', 'tcp', '--sport', port];
      }),
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'black-hole');
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    const { connections } = await scene.product.snapshot();
    server = new URL(connections.find(({ phase }) => phase === 'connected')?.cluster.server ?? '').hostname;
  });
  afterAll(async () => {
    record.keep();
    await scene.product.end();
    await run(scene.laptop, ['sh', '-c', 'nft delete table ip filter']); // made by iptables
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  async function fall(streams: EchoStreams, kind: string): Promise<void> {
    const watch = await PhaseWatch.begin(scene.product);
    const rules = (await kinds[kind]?.()) ?? [];
    try {
      await pause(peace);
      expect(watch.phases, 'an alarm without a fault').toEqual(['connected']);
      await streams.tell();
      for (const rule of rules) {
        await must(scene.laptop, ['iptables', '-I', ...rule, '-j', 'DROP']);
      }
      if (kind.startsWith('connections')) {
        // Others are made in time or not: nobody need hear of it.
        await pause(1000); // what was under way has come
        record.saw('moved to others, s', await streams.move(40_000));
      } else {
        const noticed = await record.timed('noticed, s', () => watch.comes('reconnecting', 30_000));
        expect(noticed, `${kind}: ${watch.phases}`).toBe(true);
        await pause(2000);
      }
    } finally {
      for (const rule of rules) {
        await must(scene.laptop, ['iptables', '-D', ...rule, '-j', 'DROP']);
      }
    }
    await record.timed('back, s', async () => {
      expect(await eventually(answers, 60_000, 50), await scene.product.lastWords()).toBe(true);
    });
    expect(await scene.product.reaches('connected', 30_000)).toBe(true);
    await streams.move(40_000);
    await expect.poll(() => watch.now, { timeout: 20_000 }).toBe('connected');
    watch.end();
  }

  it('is noticed, and no connection is lost in it', { timeout: record.rounds * 120_000 + 30_000 }, async () => {
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 2, 100_000);
    const outside = new OutsideNames(scene.laptop);
    outside.start();
    try {
      const names = Object.keys(kinds);
      await record.eachRound((round) => fall(streams, names[(round - 1) % names.length] ?? ''));
    } finally {
      streams.end();
      await outside.stop();
    }
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  });
});
