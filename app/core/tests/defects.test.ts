import { expect, it } from 'vitest';
import type { Snapshot } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

it('a listener that throws keeps nobody else from hearing, and nothing from being undone', async () => {
  const harness = new CoreHarness();
  let thrown = 0;
  let isBroken = false;
  harness.core.watch(() => {
    if (isBroken) {
      thrown += 1;
      throw new Error('a defect of a frontend');
    }
  });
  let last: Snapshot | undefined;
  harness.core.watch((snapshot) => {
    last = snapshot;
  });
  isBroken = true;
  await harness.connect();
  await harness.clock.advance(1000);
  expect(thrown).toBeGreaterThan(0);
  expect(last?.connections[0]?.phase).toBe('connected');
  expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
  harness.expectNothingLeft();
});

it('an activity that cannot be written down keeps nothing from going on', async () => {
  const harness = new CoreHarness((world) => {
    Object.assign(world.ports.activity, {
      append: () => {
        throw new Error('a defect of the activity');
      },
    });
  });
  await harness.connect();
  expect(await harness.off()).toEqual({ ok: true, value: { leftOnHost: 0 } });
  harness.expectNothingLeft();
});
