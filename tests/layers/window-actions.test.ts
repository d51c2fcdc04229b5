/** Menu and tray name actions of the window by id; main may not import them, so that this looks whether they are there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { windowActions } from '../../main/window-actions.ts';

const folder = join(import.meta.dirname, '../../renderer/actions');

it('names only actions that the window has', () => {
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const ids = new Set(sources.flatMap((text) => [...text.matchAll(/(?:id: |goTo\()'([a-z-]+)'/g)].map(([, id]) => id)));
  expect(Object.values(windowActions).filter((id) => !ids.has(id))).toEqual([]);
});
