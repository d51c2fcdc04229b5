/** Every action of the window, in the order in which they are listed. */
import type { Action } from './action.ts';
import { pinContext, toggleConnection } from './connection.ts';
import { goAbout, goActivity, goAgent, goClusters, goDiagnostics, goRoutes, goServices, goSettings } from './go.ts';
import { focusSearch, openPalette, openShortcuts, switchLanguage, toggleTheme } from './look.ts';

export const actions: readonly Action[] = [
  toggleConnection,
  pinContext,
  goServices,
  goRoutes,
  goAgent,
  goActivity,
  goDiagnostics,
  goSettings,
  ...goClusters,
  focusSearch,
  toggleTheme,
  switchLanguage,
  openPalette,
  openShortcuts,
  goAbout,
];

export const findAction = (id: string): Action | null => actions.find((action) => action.id === id) ?? null;
