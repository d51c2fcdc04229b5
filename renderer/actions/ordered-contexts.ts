import type { Context } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { railGroups } from '../store/rail-groups.ts';

/** The contexts in the order of the rail, as it is searched: a number means what is seen. */
export function orderedContexts(app: App): readonly Context[] {
  return railGroups(
    app.contexts.getState().contexts,
    app.mirror.getState().snapshot,
    app.settings.store.getState().settings,
    app.window.getState().railSearch,
  ).flatMap(({ contexts }) => contexts);
}
