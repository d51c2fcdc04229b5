/** Which settings changed, as a note. Names only: values are in the settings. Pure. */
import type { Settings } from '../../contract/index.ts';
import type { Note } from './activity.ts';

/** What a window changes by being used; an entry for each copy or pin would be a storm. */
const unremarkable: ReadonlySet<keyof Settings> = new Set([
  'contexts',
  'copyForm',
  'pinnedContexts',
  'pinnedServices',
  'welcomed',
]);

export function notesOfSettings(before: Settings, after: Settings): Note[] {
  const keys = Object.keys(after) as (keyof Settings)[];
  const changed = keys.filter(
    (key) => !unremarkable.has(key) && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  return changed.length === 0 ? [] : [{ kind: 'settings-changed', facts: { settings: changed.join(' ') } }];
}
