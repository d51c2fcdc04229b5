/** The filters of the lists of Services and of pods. */
import { CircleCheck, Layers, type LucideIcon, Star } from 'lucide-react';
import type { App } from '../store/app.ts';
import type { PodFilter, ServiceFilter } from '../store/window.ts';
import type { WordId } from '../words/words.ts';
import type { Action } from './action.ts';

type Flag = 'isReadyOnly' | 'isPinnedOnly' | 'isGrouped';
type PodFlag = 'isGrouped';

function shownList(app: App): 'services' | 'pods' | null {
  const { view, tab, chosen } = app.window.getState();
  return view === 'cluster' && chosen !== null && (tab === 'services' || tab === 'pods') ? tab : null;
}

/** `podFlag` null: pods have no such filter. */
const toggleFilter = (
  id: string,
  words: WordId,
  icon: LucideIcon,
  keys: string,
  flag: Flag,
  podFlag: PodFlag | null,
): Action => ({
  id,
  words,
  group: 'service',
  icon,
  keys,
  isAvailable: ({ app }) => shownList(app) === 'services' || (shownList(app) === 'pods' && podFlag !== null),
  run: ({ app }) =>
    app.window.setState(({ filter, podFilter }) =>
      shownList(app) === 'pods' && podFlag !== null
        ? { podFilter: { ...podFilter, [podFlag]: !podFilter[podFlag] } satisfies PodFilter }
        : { filter: { ...filter, [flag]: !filter[flag] } satisfies ServiceFilter },
    ),
});

export const toggleReadyOnly = toggleFilter(
  'ready-only',
  'actions.readyOnly',
  CircleCheck,
  'Shift+R',
  'isReadyOnly',
  null,
);
export const togglePinnedOnly = toggleFilter(
  'pinned-only',
  'actions.pinnedOnly',
  Star,
  'Shift+P',
  'isPinnedOnly',
  null,
);
export const toggleGrouped = toggleFilter(
  'group-services',
  'actions.groupServices',
  Layers,
  'Shift+G',
  'isGrouped',
  'isGrouped',
);
