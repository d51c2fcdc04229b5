import { type FocusEvent, type KeyboardEvent, useCallback, useMemo, useRef } from 'react';
import type { ServiceKey } from '../../../app/contract/index.ts';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { useApp, useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import type { ListItem } from './service-entries.ts';

interface RowKeys {
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
}

/** The rows with a Service, and where they stand among headings. */
const placesOf = (items: readonly ListItem[]) =>
  items.flatMap((item, index) => {
    if (item.kind !== 'entry') {
      return [];
    }
    const { namespace, name } = item.entry.service;
    return [{ index, key: item.entry.key, service: { namespace, name } }];
  });

/**
 * Arrows, Home, End and pages move through the rows, up from the first one into the search; Enter opens the panel (and
 * moves along with it), Escape closes it. Whoever comes in is at a row. C, T, P and / are actions of the window.
 * What was typed before a key is drawn before the key is heard: it moves through the rows that belong to it.
 */
export function useRowKeys(items: readonly ListItem[], scrollTo: (index: number) => void): RowKeys {
  const { window: store, listOnScreen } = useApp();
  /** Where the cursor's row stood: from there it goes on where the row is gone. */
  const lastPlace = useRef(-1);
  const cursorKey = useWindow(({ cursor }) => (cursor === null ? '' : serviceKey(cursor)));
  const places = useMemo(() => placesOf(items), [items]);
  const cursorPlace = places.findIndex(({ key }) => key === cursorKey);
  if (cursorPlace >= 0) {
    lastPlace.current = cursorPlace;
  }
  const latest = useRef(places);
  latest.current = places;
  const moveTo = useCallback(
    (service: ServiceKey) =>
      store.setState(store.getState().service === null ? { cursor: service } : { cursor: service, service }),
    [store],
  );
  const onFocus = useCallback(
    (event: FocusEvent<HTMLElement>) => {
      if (event.target !== event.currentTarget) {
        return;
      }
      listOnScreen.settle();
      const { current: places } = latest;
      const { cursor } = store.getState();
      const key = cursor === null ? '' : serviceKey(cursor);
      const [first] = places;
      if (first !== undefined && !places.some((one) => one.key === key)) {
        moveTo(first.service);
      }
    },
    [store, listOnScreen, moveTo],
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      // Buttons inside of the grid have their own keys.
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      listOnScreen.settle();
      const { current: places } = latest;
      const { cursor, service } = store.getState();
      const key = cursor === null ? '' : serviceKey(cursor);
      const active = places.findIndex((one) => one.key === key);
      if (event.key === 'Enter' && active >= 0) {
        event.preventDefault();
        store.setState({ service: cursor });
        return;
      }
      if (event.key === 'Escape' && service !== null) {
        event.preventDefault();
        store.setState({ service: null });
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
        moveTo(place.service);
        // The heading of the first row of a group comes into sight with it.
        scrollTo(next === 0 ? 0 : place.index);
      }
    },
    [store, listOnScreen, scrollTo, moveTo],
  );
  return { onKeyDown, onFocus };
}

/** The row that took the place of one that is gone is the next one down. */
function placeAfterLoss(key: string, lastPlace: number, count: number): number | null {
  return rowAfterKey(key, key === 'ArrowDown' ? lastPlace - 1 : lastPlace, count);
}
