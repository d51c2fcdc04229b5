/** Ways around the window. */
import { Activity, Bot, Boxes, Cable, Info, type LucideIcon, Route, Server, Settings, Stethoscope } from 'lucide-react';
import { contextKey } from '../store/listings.ts';
import { nothingOpen, type Tab, type View } from '../store/window.ts';
import type { WordId } from '../words/words.ts';
import type { Action } from './action.ts';
import { orderedContexts } from './ordered-contexts.ts';

const goTo = (id: string, words: WordId, icon: LucideIcon, keys: string, view: View, tab?: Tab): Action => ({
  id,
  words,
  group: 'go',
  icon,
  keys,
  isAvailable: () => true,
  run: ({ app }) => app.window.setState(tab === undefined ? { view } : { view, tab }),
});

export const goServices = goTo('go-services', 'actions.goServices', Server, 'Mod+Shift+S', 'cluster', 'services');
export const goPods = goTo('go-pods', 'actions.goPods', Boxes, 'Mod+Shift+O', 'cluster', 'pods');
export const goRoutes = goTo('go-routes', 'actions.goRoutes', Route, 'Mod+Shift+R', 'cluster', 'routes');
export const goAgent = goTo('go-agent', 'actions.goAgent', Bot, 'Mod+Shift+A', 'cluster', 'agent');
export const goFlows = goTo('go-flows', 'actions.goFlows', Cable, 'Mod+Shift+G', 'flows');
export const goActivity = goTo('go-activity', 'actions.goActivity', Activity, 'Mod+Shift+L', 'activity');
export const goDiagnostics = goTo('go-diagnostics', 'actions.goDiagnostics', Stethoscope, 'Mod+Shift+D', 'diagnostics');
export const goSettings = goTo('go-settings', 'actions.goSettings', Settings, 'Mod+,', 'settings');

export const goAbout: Action = {
  id: 'go-about',
  words: 'actions.goAbout',
  group: 'help',
  icon: Info,
  isAvailable: () => true,
  run: ({ app }) => app.window.setState({ view: 'about' }),
};

/** Mod+1 to Mod+9: clusters in the order of the rail. */
export const goClusters: readonly Action[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((place) => ({
  id: `go-cluster-${place}`,
  words: 'actions.goCluster',
  group: 'go',
  icon: Server,
  keys: `Mod+${place}`,
  keysShown: 'Mod+1…9',
  isKeyOnly: true,
  isAvailable: ({ app }) => orderedContexts(app).length >= place,
  run: ({ app }) => {
    const context = orderedContexts(app)[place - 1];
    if (context !== undefined) {
      app.window.setState({ view: 'cluster', chosen: contextKey(context), ...nothingOpen });
    }
  },
}));
