import { ShieldCheck } from 'lucide-react';
import type { Action } from './action.ts';
import { sayRefusal } from './connection.ts';

/** Starts the helper; the system may ask for a password. */
export const prepareHelper: Action = {
  id: 'prepare-helper',
  words: 'actions.prepareHelper',
  group: 'connection',
  icon: ShieldCheck,
  isAvailable: ({ app }) => {
    const { snapshot, link } = app.mirror.getState();
    return link.kind === 'live' && snapshot !== null && snapshot.helper.state !== 'ready';
  },
  run: async (context) => {
    const { app, say } = context;
    const result = await app.host.link.call('prepareHelper', {});
    if (result.ok) {
      app.toasts.getState().show({ tone: 'fine', text: say('home.helperReady') });
    } else {
      sayRefusal(context, result.problem);
    }
  },
};
