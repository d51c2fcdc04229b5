/** Every action of the window, in the order in which they are listed. */
import type { Action } from './action.ts';
import { addKubeconfig } from './add-kubeconfig.ts';
import { cancelWork } from './cancel-work.ts';
import { toggleContrast } from './change-settings.ts';
import { checkAgent } from './check-agent.ts';
import { pinContext, toggleConnection } from './connection.ts';
import { copyActivity } from './copy-activity.ts';
import { copyService } from './copy-service.ts';
import { explainPacket } from './explain-packet.ts';
import { toggleGrouped, togglePinnedOnly, toggleReadyOnly } from './filter-services.ts';
import {
  goAbout,
  goActivity,
  goAgent,
  goClusters,
  goDiagnostics,
  goFlows,
  goPods,
  goRoutes,
  goServices,
  goSettings,
} from './go.ts';
import { listServices } from './list-services.ts';
import { focusSearch, openPalette, openShortcuts, switchLanguage, toggleTheme } from './look.ts';
import { measureSpeed } from './measure-speed.ts';
import { openService } from './open-service.ts';
import { pinService } from './pin-service.ts';
import { prepareHelper } from './prepare-helper.ts';
import { prepareReport } from './prepare-report.ts';
import { previewRoutes } from './preview-routes.ts';
import { proveOff } from './prove-off.ts';
import { runChecks } from './run-checks.ts';
import { startSandbox, stopSandbox } from './sandbox.ts';
import { showWelcome } from './show-welcome.ts';
import { testResolvers } from './test-resolvers.ts';
import { testService } from './test-service.ts';
import { writeReport } from './write-report.ts';

export const actions: readonly Action[] = [
  toggleConnection,
  pinContext,
  prepareHelper,
  checkAgent,
  measureSpeed,
  copyService,
  testService,
  openService,
  pinService,
  listServices,
  toggleReadyOnly,
  togglePinnedOnly,
  toggleGrouped,
  previewRoutes,
  proveOff,
  testResolvers,
  addKubeconfig,
  startSandbox,
  stopSandbox,
  cancelWork,
  goServices,
  goPods,
  goRoutes,
  goAgent,
  goFlows,
  goActivity,
  goDiagnostics,
  goSettings,
  ...goClusters,
  focusSearch,
  toggleTheme,
  toggleContrast,
  switchLanguage,
  openPalette,
  openShortcuts,
  runChecks,
  explainPacket,
  prepareReport,
  writeReport,
  copyActivity,
  showWelcome,
  goAbout,
];

export const findAction = (id: string): Action | null => actions.find((action) => action.id === id) ?? null;
