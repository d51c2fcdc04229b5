import type { Context } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { railGroups } from '../store/rail-groups.ts';

/** The contexts in the order of the rail. */
export function orderedContexts(app: App): readonly Context[] {
  return railGroups(
    app.contexts.getState().contexts,
    app.mirror.getState().snapshot,
    app.settings.store.getState().settings,
    '',
  ).flatMap(({ contexts }) => contexts);
}
