import { expect, it } from 'vitest';
import { type ActivityEntry, problem, type Result, success } from '../../contract/index.ts';
import type { ActivityStorePort } from '../ports.ts';
import { activityLength, createActivity } from './activity.ts';

const log = { debug: () => {}, info: () => {}, warning: () => {} };

function start(kept: ActivityEntry[] = [], answer: Result<null> = success(null)) {
  let now = 0;
  let heard = 0;
  const appended: ActivityEntry[] = [];
  const warnings: string[] = [];
  const store: ActivityStorePort = {
    read: async () => kept,
    append: async (entries) => {
      appended.push(...entries);
      return answer;
    },
  };
  const clock = { now: () => now, after: () => () => {} };
  const activity = createActivity(clock, { ...log, warning: (text) => warnings.push(text) }, store, () => {
    heard += 1;
  });
  return { activity, appended, warnings, pass: (time: number) => (now += time), heard: () => heard };
}

it('keeps the newest entries, and tells those after an id', () => {
  const { activity, pass, heard } = start();
  for (let index = 0; index < activityLength + 10; index += 1) {
    pass(60_000);
    activity.note({ kind: 'settings-changed', facts: { index: String(index) } });
  }
  const all = activity.list(5000);
  expect(all.length).toBe(activityLength);
  expect(all[0]).toMatchObject({ id: 11, severity: 'info', context: '', problem: null });
  expect(activity.list(2).map(({ id }) => id)).toEqual([activityLength + 9, activityLength + 10]);
  expect(activity.after(activityLength + 8).map(({ id }) => id)).toEqual([activityLength + 9, activityLength + 10]);
  expect(activity.after(activityLength + 10)).toEqual([]);
  expect(activity.after(-1).length).toBe(activityLength);
  expect(heard()).toBe(activityLength + 10);
});

it('is silent in a storm of one kind, and hears the others', () => {
  const { activity, appended, pass } = start();
  for (let index = 0; index < 500; index += 1) {
    pass(10);
    activity.note({ kind: 'tunnel-lost', context: 'a' });
  }
  activity.note({ kind: 'tunnel-lost', context: 'b' });
  activity.note({ kind: 'disconnected', context: 'a' });
  expect(activity.list(5000).length).toBe(22);
  pass(60_001);
  activity.note({ kind: 'tunnel-lost', context: 'a' });
  expect(appended.length).toBe(23);
});

it('tells a repeated failure once for each reason', () => {
  const { activity } = start();
  for (const code of ['api-unreachable', 'api-unreachable', 'unauthorized', 'api-unreachable'] as const) {
    activity.note({ kind: 'connect-failed', context: 'a', problem: problem(code, 'why') });
  }
  activity.note({ kind: 'connect-asked', context: 'a' });
  activity.note({ kind: 'connect-failed', context: 'a', problem: problem('api-unreachable', 'why') });
  expect(activity.list(100).map(({ problem: found }) => found?.code ?? '')).toEqual([
    'api-unreachable',
    'unauthorized',
    'api-unreachable',
    '',
    'api-unreachable',
  ]);
});

it('goes on after what an earlier core kept, also with entries that came before it was read', async () => {
  const { activity } = start();
  activity.note({ kind: 'core-started' });
  const [entry] = activity.list(1);
  if (entry === undefined) {
    throw new Error('nothing noted');
  }
  const kept = Array.from({ length: activityLength + 5 }, (_, index) => ({
    ...entry,
    id: 7,
    facts: { index: String(index) },
  }));
  const next = start(kept);
  next.activity.note({ kind: 'disconnected' });
  await next.activity.restore();
  const all = next.activity.list(5000);
  expect(all.length).toBe(activityLength);
  expect(all.map(({ id }) => id)).toEqual(Array.from({ length: activityLength }, (_, index) => index + 1));
  expect(all.at(-1)?.kind).toBe('disconnected');
  next.activity.note({ kind: 'disconnected', context: 'x' });
  expect(next.activity.list(1)[0]?.id).toBe(activityLength + 1);
});

it('says once that it cannot be kept', async () => {
  const { activity, warnings, pass } = start([], { ok: false, problem: problem('internal', 'disk full') });
  for (let index = 0; index < 5; index += 1) {
    pass(1000);
    activity.note({ kind: 'kubeconfig-changed' });
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(warnings).toEqual(['the activity could not be kept']);
});
