import { Star } from 'lucide-react';
import { isSameKey } from '../../app/contract/index.ts';
import type { Action } from './action.ts';
import { sayRefusal } from './connection.ts';
import { shownService } from './shown-service.ts';

/** Keeps the Service at hand: in the filter of pinned ones, and in the tray. */
export const pinService: Action = {
  id: 'pin-service',
  words: 'actions.pinService',
  group: 'service',
  icon: Star,
  keys: 'P',
  isAvailable: ({ app }) => shownService(app) !== null && app.settings.store.getState().settings !== null,
  run: async (context) => {
    const { app } = context;
    const shown = shownService(app);
    const settings = app.settings.store.getState().settings;
    if (shown === null || settings === null) {
      return;
    }
    const { namespace, name } = shown.service;
    const others = settings.pinnedServices.filter(
      (one) => !(isSameKey(one, shown.context) && one.namespace === namespace && one.name === name),
    );
    const isPinned = others.length < settings.pinnedServices.length;
    const result = await app.settings.change({
      pinnedServices: isPinned ? others : [...others, { ...shown.context, namespace, name }],
    });
    if (!result.ok) {
      sayRefusal(context, result.problem);
    }
  },
};
