import { type FocusEvent, type KeyboardEvent, useCallback, useMemo, useRef } from 'react';
import type { ServiceKey } from '../../../app/contract/index.ts';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { useApp, useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { type ListName, listFields } from '../../store/window.ts';
import type { ListEntry, ListItem } from './list-entries.ts';

interface RowKeys {
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
}

/** The rows that are no headings, and where they stand among these. */
const placesOf = (items: readonly ListItem<ListEntry>[]) =>
  items.flatMap((item, index) => {
    if (item.kind !== 'entry') {
      return [];
    }
    const { namespace, name } = item.entry.at;
    return [{ index, key: item.entry.key, at: { namespace, name } }];
  });

/**
 * Arrows, Home, End and pages move through the rows, up from the first one into the search; Enter opens the panel (and
 * moves along with it), Escape closes it. Whoever comes in is at a row. C, T, P and / are actions of the window.
 * What was typed before a key is drawn before the key is heard: it moves through the rows that belong to it.
 */
export function useRowKeys(
  list: ListName,
  items: readonly ListItem<ListEntry>[],
  scrollTo: (index: number) => void,
): RowKeys {
  const { window: store, listOnScreen } = useApp();
  const fields = listFields[list];
  /** Where the cursor's row stood: from there it goes on where the row is gone. */
  const lastPlace = useRef(-1);
  const cursorKey = useWindow(({ [fields.cursor]: cursor }) => (cursor === null ? '' : serviceKey(cursor)));
  const places = useMemo(() => placesOf(items), [items]);
  const cursorPlace = places.findIndex(({ key }) => key === cursorKey);
  if (cursorPlace >= 0) {
    lastPlace.current = cursorPlace;
  }
  const latest = useRef(places);
  latest.current = places;
  const moveTo = useCallback(
    (at: ServiceKey) => {
      const isOpen = store.getState()[fields.open] !== null;
      store.setState({ [fields.cursor]: at, ...(isOpen ? { [fields.open]: at } : {}) });
    },
    [store, fields],
  );
  const onFocus = useCallback(
    (event: FocusEvent<HTMLElement>) => {
      if (event.target !== event.currentTarget) {
        return;
      }
      listOnScreen.settle();
      const { current: places } = latest;
      const { [fields.cursor]: cursor } = store.getState();
      const key = cursor === null ? '' : serviceKey(cursor);
      const [first] = places;
      if (first !== undefined && !places.some((one) => one.key === key)) {
        moveTo(first.at);
      }
    },
    [store, fields, listOnScreen, moveTo],
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      // Buttons inside of the grid have their own keys.
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      listOnScreen.settle();
      const { current: places } = latest;
      const { [fields.cursor]: cursor, [fields.open]: open } = store.getState();
      const key = cursor === null ? '' : serviceKey(cursor);
      const active = places.findIndex((one) => one.key === key);
      if (event.key === 'Enter' && active >= 0) {
        event.preventDefault();
        store.setState({ [fields.open]: cursor });
        return;
      }
      if (event.key === 'Escape' && open !== null) {
        event.preventDefault();
        store.setState({ [fields.open]: null });
        return;
      }
      if (event.key === 'ArrowUp' && active === 0) {
        event.preventDefault();
        document.querySelector<HTMLElement>('[data-primary-search]')?.focus();
        return;
      }
      const next =
        active < 0
          ? placeAfterLoss(event.key, lastPlace.current, places.length)
          : rowAfterKey(event.key, active, places.length);
      const place = next === null ? undefined : places[next];
      if (next !== null && place !== undefined) {
        event.preventDefault();
        moveTo(place.at);
        // The heading of the first row of a group comes into sight with it.
        scrollTo(next === 0 ? 0 : place.index);
      }
    },
    [store, fields, listOnScreen, scrollTo, moveTo],
  );
  return { onKeyDown, onFocus };
}

/** The row that took the place of one that is gone is the next one down. */
function placeAfterLoss(key: string, lastPlace: number, count: number): number | null {
  return rowAfterKey(key, key === 'ArrowDown' ? lastPlace - 1 : lastPlace, count);
}
