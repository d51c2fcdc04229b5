import { type KeyboardEvent, useCallback } from 'react';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { useApp } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import type { ListItem } from './service-entries.ts';

/**
 * Arrows, Home, End and pages move through the rows, Enter opens the panel (and moves along with it), Escape closes it.
 * C, T, P and / are actions of the window.
 */
export function useRowKeys(
  items: readonly ListItem[],
  scrollTo: (index: number) => void,
): (event: KeyboardEvent<HTMLElement>) => void {
  const { window: store } = useApp();
  return useCallback(
    (event) => {
      // Buttons inside of the grid have their own keys.
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      const { cursor, service } = store.getState();
      if (event.key === 'Enter' && cursor !== null) {
        event.preventDefault();
        store.setState({ service: cursor });
        return;
      }
      if (event.key === 'Escape' && service !== null) {
        event.preventDefault();
        store.setState({ service: null });
        return;
      }
      const places = items.flatMap((item, index) => (item.kind === 'entry' ? [{ index, entry: item.entry }] : []));
      const key = cursor === null ? '' : serviceKey(cursor);
      const active = places.findIndex(({ entry }) => entry.key === key);
      const next = rowAfterKey(event.key, active, places.length);
      const place = next === null ? undefined : places[next];
      if (place !== undefined) {
        event.preventDefault();
        const { namespace, name } = place.entry.service;
        store.setState(
          service === null
            ? { cursor: { namespace, name } }
            : { cursor: { namespace, name }, service: { namespace, name } },
        );
        // The heading of the first row of a group comes into sight with it.
        scrollTo(next === 0 ? 0 : place.index);
      }
    },
    [items, scrollTo, store],
  );
}
