/** Which row of a list an action is about: shared by Services and pods. */
import { type ContextKey, isSameKey, type ServiceKey } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import type { ListFeed } from '../store/list-feed.ts';
import type { ListedFeed } from '../store/listed-services.ts';
import { type ListName, listFields } from '../store/window.ts';

export const isSameRow = (left: ServiceKey, right: ServiceKey): boolean =>
  left.name === right.name && left.namespace === right.namespace;

/** In the stream of the connected context, else in the list that was asked for. */
export function findRow<Row extends ServiceKey>(
  app: App,
  key: ServiceKey,
  streamed: ListFeed<Row>,
  asked: ListedFeed<Row>,
): Row | null {
  const { chosen } = app.window.getState();
  if (isSameKey(streamed.store.getState().context, chosen)) {
    return streamed.find(key);
  }
  const listed = asked.store.getState();
  return isSameKey(listed.context, chosen) ? (listed.rows.find((row) => isSameRow(row, key)) ?? null) : null;
}

/** The row of the open panel, else the one that the keys are on; null where the list is not on screen. */
export function shownRow(app: App, list: ListName): { readonly context: ContextKey; readonly key: ServiceKey } | null {
  const fields = listFields[list];
  const { view, tab, chosen, [fields.open]: open, [fields.cursor]: cursor } = app.window.getState();
  if (view !== 'cluster' || tab !== list || chosen === null) {
    return null;
  }
  // A row that the filter or the cluster took away meanwhile is nobody's wish any more.
  const key = open ?? (cursor !== null && app.listOnScreen.holds(cursor) ? cursor : null);
  return key === null ? null : { context: chosen, key };
}
