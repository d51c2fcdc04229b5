/** The filters of the list of Services. */
import { CircleCheck, Layers, type LucideIcon, Star } from 'lucide-react';
import type { App } from '../store/app.ts';
import type { WordId } from '../words/words.ts';
import type { Action } from './action.ts';

type Flag = 'isReadyOnly' | 'isPinnedOnly' | 'isGrouped';

const isListShown = (app: App): boolean => {
  const { view, tab, chosen } = app.window.getState();
  return view === 'cluster' && tab === 'services' && chosen !== null;
};

const toggleFilter = (id: string, words: WordId, icon: LucideIcon, keys: string, flag: Flag): Action => ({
  id,
  words,
  group: 'service',
  icon,
  keys,
  isAvailable: ({ app }) => isListShown(app),
  run: ({ app }) => app.window.setState(({ filter }) => ({ filter: { ...filter, [flag]: !filter[flag] } })),
});

export const toggleReadyOnly = toggleFilter('ready-only', 'actions.readyOnly', CircleCheck, 'Shift+R', 'isReadyOnly');
export const togglePinnedOnly = toggleFilter('pinned-only', 'actions.pinnedOnly', Star, 'Shift+P', 'isPinnedOnly');
export const toggleGrouped = toggleFilter('group-services', 'actions.groupServices', Layers, 'Shift+G', 'isGrouped');
