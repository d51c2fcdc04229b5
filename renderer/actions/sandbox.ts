/** The sandbox: a whole cluster on this computer, begun and ended as long work. */
import { FlaskConical, FlaskConicalOff } from 'lucide-react';
import { placeOf, type Settings, type Work } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import type { Action, ActionContext } from './action.ts';
import { sayRefusal } from './connection.ts';

/** The kubeconfig that the sandbox writes; the core has it among the added files as long as the sandbox runs. */
const sandboxFile = /[\\/]sandbox\b.*[\\/]admin\.kubeconfig$/;

/** The sandbox's kubeconfig is in force as long as it runs. */
export const isSandboxUp = (settings: Settings | null): boolean =>
  settings?.kubeconfigFiles.some((file) => sandboxFile.test(file)) ?? false;

const isLive = (app: App): boolean => app.mirror.getState().link.kind === 'live';

export function runningWork(app: App, kinds: readonly Work['kind'][]): Work | null {
  const work = app.mirror.getState().snapshot?.work ?? [];
  return work.find(({ kind, endedAt }) => endedAt === null && kinds.includes(kind)) ?? null;
}

async function call(context: ActionContext, command: 'startSandbox' | 'stopSandbox'): Promise<void> {
  const result = await context.app.host.link.call(command, {});
  if (!result.ok) {
    sayRefusal(context, result.problem);
  }
}

/** On a laptop of the sandbox there is none to start or to end. */
const isElsewhere = (app: App): boolean => placeOf(app.mirror.getState().snapshot).isInSandbox;

export const startSandbox: Action = {
  id: 'start-sandbox',
  words: 'work.startSandbox',
  group: 'connection',
  icon: FlaskConical,
  isAvailable: ({ app }) =>
    isLive(app) && !isElsewhere(app) && runningWork(app, ['sandbox-start', 'sandbox-stop']) === null,
  run: (context) => call(context, 'startSandbox'),
};

export const stopSandbox: Action = {
  id: 'stop-sandbox',
  words: 'work.stopSandbox',
  group: 'connection',
  icon: FlaskConicalOff,
  isAvailable: ({ app }) =>
    isLive(app) &&
    !isElsewhere(app) &&
    runningWork(app, ['sandbox-stop']) === null &&
    (isSandboxUp(app.settings.store.getState().settings) || runningWork(app, ['sandbox-start']) !== null),
  run: (context) => call(context, 'stopSandbox'),
};
