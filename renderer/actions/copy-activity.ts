import { ClipboardList } from 'lucide-react';
import type { Action } from './action.ts';

/** Copies what the activity shows, as text: the page knows what is filtered. */
export const copyActivity: Action = {
  id: 'copy-activity',
  words: 'activity.copyShown',
  group: 'help',
  icon: ClipboardList,
  isAvailable: ({ app }) => app.window.getState().view === 'activity',
  run: () => document.querySelector<HTMLElement>('[data-copy-activity]')?.click(),
};
