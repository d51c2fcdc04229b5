/** Cores of one home: containers of one kernel, and computers over NFS. */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AgentRecord, openAgentRecords } from '../agent/records.ts';
import { silentLog } from '../testing/api-server.ts';
import { openOwnedList } from './owned-list.ts';
import type { Owner } from './owner.ts';
import { openStore } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-owned-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const owner = (network: string, boot: string, machine: string): Owner => ({ network, boot, machine });
const laptop = owner('aaaaaaaaaaaa', 'boot-1', 'laptop');
const container = owner('bbbbbbbbbbbb', 'boot-1', '');
const namespace = owner('cccccccccccc', 'boot-1', 'laptop');
const desktop = owner('dddddddddddd', 'boot-7', 'desktop');
const afterReboot = owner('eeeeeeeeeeee', 'boot-2', 'laptop');
const unknown = owner('ffffffffffff', 'boot-2', '');

const list = (of: Owner) => openOwnedList(folder, 'things', z.array(z.string()), of);
async function valuesOf(of: Owner): Promise<readonly string[]> {
  const kept = await list(of).read();
  return kept.kind === 'value' ? kept.value : [];
}

describe('what one core wrote', () => {
  it.each<[string, Owner, boolean]>([
    ['the same core after a crash', laptop, true],
    ['a container of the same kernel', container, false],
    ['another network namespace of the same computer', namespace, false],
    ['another computer over NFS', desktop, false],
    ['the same computer after it went down', afterReboot, true],
    ['one that cannot be told from others', unknown, false],
  ])('is told %s: %j', async (_, reader, isTold) => {
    await list(laptop).write(['mine']);
    expect(await valuesOf(reader)).toEqual(isTold ? ['mine'] : []);
    if (!isTold) {
      await list(reader).write(['theirs']);
      expect(await valuesOf(laptop)).toEqual(['mine']);
    }
  });

  it('is taken over by one of two that start at once, beside what that one has', async () => {
    await list(laptop).write(['old']);
    const second = { ...afterReboot, network: '111111111111' };
    await list(afterReboot).write(['new']);
    const both = await Promise.all([valuesOf(afterReboot), valuesOf(second)]);
    expect(both.flat().toSorted()).toEqual(['new', 'old']);
  });

  it('in an earlier version’s one file for all is the first one’s', async () => {
    await writeFile(join(folder, 'things.json'), '["old"]');
    expect(await valuesOf(laptop)).toEqual(['old']);
    expect(await valuesOf(desktop)).toEqual([]);
    expect(await readdir(folder)).toEqual(['things.aaaaaaaaaaaa.json']);
  });

  it('is forgotten where nobody wrote it for a season', async () => {
    await list(container).write(['old']);
    await list(desktop).write(['old']);
    const longAgo = new Date(Date.now() - 100 * 24 * 3600 * 1000);
    await utimes(join(folder, 'things.bbbbbbbbbbbb.json'), longAgo, longAgo);
    await valuesOf(laptop);
    expect(await readdir(folder)).toEqual(['things.dddddddddddd.json']);
  });
});

it('no core restores, renews or deletes what another one of the home has', async () => {
  const record: AgentRecord = {
    server: 'https://api',
    namespace: 'shop',
    job: 'slipway-agent-1',
    uid: 'u1',
    pod: 'p1',
    image: 'busybox',
    delivery: 'sent',
    build: 'b',
    choices: '',
    madeAt: Date.now(),
  };
  const wanted = { context: 'a', file: '/k', homeNamespace: 's', agentNamespace: 's', agentImage: '', baseImage: '' };
  const of = (one: Owner) => ({
    records: openAgentRecords(folder, silentLog, one),
    store: openStore(folder, silentLog, { owner: one }),
  });
  const [here, there] = [of(laptop), of(desktop)];
  await here.records.keep(record);
  await here.store.saveWanted([wanted]);
  expect([await there.records.everywhere(), await there.store.wanted()]).toEqual([[], []]);
  await there.records.forget(record.uid);
  await there.store.saveWanted([]);
  const again = of(laptop);
  expect([await again.records.all('https://api'), await again.store.wanted()]).toEqual([[record], [wanted]]);
  expect(await there.records.jobName()).not.toBe(await again.records.jobName());
  expect(await of(laptop).records.jobName()).toBe(await again.records.jobName());
});

it('what agents are called stays as an earlier version called them, on the first computer', async () => {
  await writeFile(join(folder, 'agent-name.json'), '"slipway-agent-0123456789"');
  expect(await openAgentRecords(folder, silentLog, laptop).jobName()).toBe('slipway-agent-0123456789');
  expect(await openAgentRecords(folder, silentLog, afterReboot).jobName()).toBe('slipway-agent-0123456789');
  expect(await openAgentRecords(folder, silentLog, desktop).jobName()).not.toBe('slipway-agent-0123456789');
});
