import { Hand } from 'lucide-react';
import type { Action } from './action.ts';
import { sayRefusal } from './connection.ts';

/** Shows the first run again. */
export const showWelcome: Action = {
  id: 'show-welcome',
  words: 'welcome.showAgain',
  group: 'help',
  icon: Hand,
  isAvailable: ({ app }) => app.settings.store.getState().settings !== null,
  run: async (context) => {
    const result = await context.app.settings.change({ welcomed: false });
    if (!result.ok) {
      sayRefusal(context, result.problem);
    }
  },
};
