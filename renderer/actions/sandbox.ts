/** The sandbox: a whole cluster on this computer, begun and ended as long work. */
import { FlaskConical, FlaskConicalOff } from 'lucide-react';
import type { Work } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import type { Action, ActionContext } from './action.ts';
import { sayRefusal } from './connection.ts';

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

export const startSandbox: Action = {
  id: 'start-sandbox',
  words: 'work.startSandbox',
  group: 'connection',
  icon: FlaskConical,
  isAvailable: ({ app }) => isLive(app) && runningWork(app, ['sandbox-start', 'sandbox-stop']) === null,
  run: (context) => call(context, 'startSandbox'),
};

export const stopSandbox: Action = {
  id: 'stop-sandbox',
  words: 'work.stopSandbox',
  group: 'connection',
  icon: FlaskConicalOff,
  isAvailable: ({ app }) => isLive(app) && runningWork(app, ['sandbox-stop']) === null,
  run: (context) => call(context, 'stopSandbox'),
};
