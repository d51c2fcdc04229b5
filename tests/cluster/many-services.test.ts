/**
 * A cluster of 10,000 Services in 500 namespaces of which 50 change each second, and whose API server forgets every half
 * minute what it told: connecting is as quick as elsewhere, memory stays, and the engine hears what changed, not all of it.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { Administrator } from './administrator.ts';
import { startFront } from './api-front.ts';
import type { ProcessKind, Product } from './product.ts';
import { must } from './programs.ts';
import { connected, Refusals, usual } from './refusals.ts';
import { workload } from './workload.ts';

const longest = 6 * 60 * 60 * 1000;
const crowd = { services: 10_000, namespaces: 500, changesPerSecond: 50, forgetSeconds: 30 };
/** Of a round. */
const seconds = isSoak ? 60 : 6;
/** What the whole list would be, in bytes, several times a second, is 2 MB; what 50 changes are is some 10 kB. */
const mostHeard = 300_000;

describe('a cluster of 10,000 Services', () => {
  let refusals: Refusals;
  let administrator: Administrator;
  beforeAll(async () => {
    refusals = await Refusals.begin('many-services');
    administrator = await Administrator.make(refusals.scene.cluster, `crowded-${process.pid}`);
  });
  afterAll(async () => {
    await administrator.remove();
    await refusals.close();
  });

  const numberIn = (product: Product, kind: ProcessKind, file: string, pattern: RegExp) =>
    Number(pattern.exec(readFileSync(`/proc/${product.processIds(kind)[0]}/${file}`, 'utf8'))?.[1] ?? Number.NaN);
  const resident = (product: Product, kind: ProcessKind) => numberIn(product, kind, 'status', /VmRSS:\s+(\d+)/) / 1024;
  /** Seconds of processor since it started: utime and stime of proc_pid_stat(5), in ticks of 10 ms. */
  const processor = (product: Product, kind: ProcessKind) =>
    readFileSync(`/proc/${product.processIds(kind)[0]}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .slice(11, 13)
      .reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  const heard = (product: Product) => numberIn(product, 'engine', 'io', /rchar: (\d+)/);

  it(
    'connects, and costs what changes',
    async () => {
      const record = new FaultRecord('many-services');
      const { scene } = refusals;
      await using front = await startFront(scene, { certificate: 'server', aheadSeconds: 0, crowd });
      const kubeconfig = refusals.behind(front.url, { token: await administrator.token() });
      const product = refusals.productWith(kubeconfig);
      const ask = (name: string) =>
        must(scene.laptop, ['curl', '-sS', '-o', '/dev/null', '-m', '5', `http://${name}/`]);
      await record.timed('connect, s', () => product.connect(...usual));
      for (const name of workload.http.names) {
        await ask(name); // before the list was read
      }
      record.saw('core to connect, s of processor', processor(product, 'core'));
      await pause(seconds * 500); // what everything is read for the first time takes
      const before = { core: resident(product, 'core'), engine: resident(product, 'engine') };
      await record.eachRound(async () => {
        const heardBefore = heard(product);
        const usedBefore = processor(product, 'core');
        await pause(seconds * 1000);
        const perSecond = (heard(product) - heardBefore) / seconds;
        record.saw('engine hears, kB/s', perSecond / 1000);
        expect(perSecond).toBeLessThan(mostHeard);
        record.saw('core, s of processor for 50 changes', (processor(product, 'core') - usedBefore) / seconds);
        record.saw('core, MiB', resident(product, 'core'));
        record.saw('engine, MiB', resident(product, 'engine'));
        await ask('orders');
        expect((await connected(product)).degraded).toEqual([]);
      });
      record.saw('core grew, MiB', resident(product, 'core') - before.core);
      record.saw('engine grew, MiB', resident(product, 'engine') - before.engine);
      record.keep();
      await refusals.expectUnchanged(product);
    },
    longest,
  );
});
