import { RefreshCw } from 'lucide-react';
import { isSameKey } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { findContext } from '../store/listings.ts';
import type { Action } from './action.ts';

/** A context that may be asked although it is off: one that was confirmed, and is no stream already. */
function askable(app: App) {
  const { chosen } = app.window.getState();
  const context = findContext(app.contexts.getState().contexts, chosen);
  const isStreamed = isSameKey(app.services.store.getState().context, chosen);
  return chosen !== null && context?.confirmed === true && !isStreamed ? chosen : null;
}

/** Asks for the Services (or the pods, where these are looked at) of a cluster that is not connected, again where they are shown already. */
export const listServices: Action = {
  id: 'list-services',
  words: 'actions.listServices',
  group: 'service',
  icon: RefreshCw,
  keys: 'R',
  isAvailable: ({ app }) => askable(app) !== null && app.mirror.getState().link.kind === 'live',
  run: async ({ app }) => {
    const chosen = askable(app);
    if (chosen !== null) {
      const isOfPods = app.window.getState().tab === 'pods';
      app.window.setState({ view: 'cluster', tab: isOfPods ? 'pods' : 'services', isListing: true });
      await (isOfPods ? app.listedPods : app.listedServices).list(chosen);
    }
  },
};
