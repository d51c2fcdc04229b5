import { CircleX } from 'lucide-react';
import type { Action, ActionContext } from './action.ts';
import { sayRefusal } from './connection.ts';

/** Asks that long work ends; it says itself when it has. */
export async function cancel(context: ActionContext, work: string): Promise<void> {
  const result = await context.app.host.link.call('cancelWork', { work });
  if (!result.ok) {
    sayRefusal(context, result.problem);
  }
}

const running = ({ app }: ActionContext) =>
  app.mirror.getState().snapshot?.work.findLast(({ state }) => state === 'running') ?? null;

/** The one that was begun last. */
export const cancelWork: Action = {
  id: 'cancel-work',
  words: 'work.cancel',
  group: 'connection',
  icon: CircleX,
  isAvailable: (context) => running(context) !== null,
  run: (context) => {
    const work = running(context);
    return work === null ? undefined : cancel(context, work.id);
  },
};
