/** What every ActivityStorePort must do. */
import { describe, expect, it } from 'vitest';
import { type ActivityEntry, problem } from '../../contract/index.ts';
import type { ActivityStorePort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface ActivityStoreSetting {
  /** Opens the same store again, as another process would. */
  open(): ActivityStorePort;
  close(): Promise<void>;
}

export function entry(id: number): ActivityEntry {
  return {
    id,
    at: 1_700_000_000_000 + id,
    kind: 'tunnel-lost',
    severity: 'warning',
    context: 'production\n"\u202e',
    facts: { text: `line one\nline two ${id}` },
    problem: problem('tunnel-silent', 'no answer\n'),
  };
}

export function testActivityStore(name: string, make: () => Promise<ActivityStoreSetting>): void {
  describe(`activity store: ${name}`, () => {
    const start = closedAfterEach(make);

    it('is empty where nothing was kept', async () => {
      expect(await (await start()).open().read()).toEqual([]);
    });

    it('keeps entries whole and in order for the next process', async () => {
      const setting = await start();
      const store = setting.open();
      expect(await store.append([entry(1), entry(2)])).toEqual({ ok: true, value: null });
      expect(await store.append([entry(3)])).toEqual({ ok: true, value: null });
      const again = setting.open();
      expect(await again.read()).toEqual([entry(1), entry(2), entry(3)]);
      await again.append([entry(4)]);
      expect(await setting.open().read()).toEqual([entry(1), entry(2), entry(3), entry(4)]);
    });

    it('keeps the order of appends that were asked for at once', async () => {
      const setting = await start();
      const store = setting.open();
      const entries = Array.from({ length: 30 }, (_, index) => entry(index));
      await Promise.all(entries.map((one) => store.append([one])));
      expect(await setting.open().read()).toEqual(entries);
    });
  });
}
