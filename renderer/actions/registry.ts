/** Every action of the window, in the order in which they are listed. */
import type { Action } from './action.ts';
import { pinContext, toggleConnection } from './connection.ts';
import { copyService } from './copy-service.ts';
import { toggleGrouped, togglePinnedOnly, toggleReadyOnly } from './filter-services.ts';
import { goAbout, goActivity, goAgent, goClusters, goDiagnostics, goRoutes, goServices, goSettings } from './go.ts';
import { listServices } from './list-services.ts';
import { focusSearch, openPalette, openShortcuts, switchLanguage, toggleTheme } from './look.ts';
import { openService } from './open-service.ts';
import { pinService } from './pin-service.ts';
import { prepareHelper } from './prepare-helper.ts';
import { testService } from './test-service.ts';

export const actions: readonly Action[] = [
  toggleConnection,
  pinContext,
  prepareHelper,
  copyService,
  testService,
  openService,
  pinService,
  listServices,
  toggleReadyOnly,
  togglePinnedOnly,
  toggleGrouped,
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
