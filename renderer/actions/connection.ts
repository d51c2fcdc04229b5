/** Switching clusters on and off. What comes of it is in the snapshot; only a refusal is said here. */
import { Pin, Power } from 'lucide-react';
import {
  type Context,
  type ContextKey,
  connectionOf,
  defaultSettings,
  isOn,
  isSameKey,
  type Problem,
} from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { contextKey, findContext } from '../store/listings.ts';
import { sayCause } from '../words/cause-words.ts';
import { cleanText } from '../words/clean-text.ts';
import { problemTitle } from '../words/problem-words.ts';
import type { Action, ActionContext } from './action.ts';

const chosenContext = (app: App): Context | null =>
  findContext(app.contexts.getState().contexts, app.window.getState().chosen);

/** True where switching the context would end something. */
export function isContextOn(app: App, key: ContextKey | null): boolean {
  return isOn(connectionOf(app.mirror.getState().snapshot, key));
}

/** A note of what the core refused. */
export function sayRefusal({ app, say }: ActionContext, problem: Problem): void {
  const title = problemTitle(say, problem);
  const text =
    problem.cause === '' ? title : `${title}: ${cleanText(sayCause(say, { text: problem.cause, said: problem.said }))}`;
  app.toasts.getState().show({ tone: 'bad', text });
}

/** Connects; a context that was never confirmed as it is now is shown first (WindowState.confirming). */
export async function connectContext(
  context: ActionContext,
  target: Context,
  { proxy = false }: { readonly proxy?: boolean } = {},
): Promise<void> {
  const { app } = context;
  if (!target.confirmed || (target.execPlugin !== null && !target.execPlugin.trusted)) {
    app.window.setState({ confirming: contextKey(target), chosen: contextKey(target), view: 'cluster' });
    return;
  }
  // Whoever switches off again is shown the proof, not the list that was asked for before.
  app.window.setState({ isListing: false });
  const { contexts } = app.settings.store.getState().settings ?? defaultSettings;
  const own = contexts.find((one) => isSameKey(one, contextKey(target)));
  const result = await app.host.link.call('connect', {
    context: target.name,
    file: target.file,
    homeNamespace: own?.homeNamespace ?? '',
    agentNamespace: own?.agentNamespace ?? '',
    agentImage: own?.agentImage ?? '',
    baseImage: own?.baseImage ?? '',
    proxy,
  });
  if (!result.ok) {
    sayRefusal(context, result.problem);
  }
}

export async function disconnectContext(context: ActionContext, key: ContextKey): Promise<void> {
  const result = await context.app.host.link.call('disconnect', key);
  if (!result.ok) {
    sayRefusal(context, result.problem);
  }
}

export async function preferNames(context: ActionContext, key: ContextKey): Promise<void> {
  const result = await context.app.host.link.call('preferNames', key);
  if (!result.ok) {
    sayRefusal(context, result.problem);
  }
}

export const toggleConnection: Action = {
  id: 'toggle-connection',
  words: 'actions.toggleConnection',
  group: 'connection',
  icon: Power,
  keys: 'Mod+Enter',
  isAvailable: ({ app }) => chosenContext(app) !== null && app.mirror.getState().link.kind === 'live',
  run: async (context) => {
    const target = chosenContext(context.app);
    if (target === null) {
      return;
    }
    const key = contextKey(target);
    await (isContextOn(context.app, key) ? disconnectContext(context, key) : connectContext(context, target));
  },
};

export const pinContext: Action = {
  id: 'pin-context',
  words: 'actions.pinContext',
  group: 'connection',
  icon: Pin,
  keys: 'Mod+Shift+P',
  browserKeys: 'Mod+Shift+F', // the other is Firefox's private window
  isAvailable: ({ app }) => chosenContext(app) !== null && app.settings.store.getState().settings !== null,
  run: async (context) => {
    const target = chosenContext(context.app);
    const settings = context.app.settings.store.getState().settings;
    if (target === null || settings === null) {
      return;
    }
    const key = contextKey(target);
    const others = settings.pinnedContexts.filter((one) => !isSameKey(one, key));
    const isPinned = others.length < settings.pinnedContexts.length;
    const result = await context.app.settings.change({ pinnedContexts: isPinned ? others : [...others, key] });
    if (!result.ok) {
      sayRefusal(context, result.problem);
    }
  },
};
