/** Settings that are worth a word in the palette. */
import { Contrast } from 'lucide-react';
import type { Action } from './action.ts';

export const toggleContrast: Action = {
  id: 'toggle-contrast',
  words: 'settings.toggleContrast',
  group: 'look',
  icon: Contrast,
  isAvailable: ({ app }) => app.settings.store.getState().settings !== null,
  run: async ({ app }) => {
    const isMore = app.settings.store.getState().settings?.contrast === 'more';
    await app.settings.change({ contrast: isMore ? 'system' : 'more' });
  },
};
