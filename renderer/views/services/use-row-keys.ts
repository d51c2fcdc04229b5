import { type FocusEvent, type KeyboardEvent, useCallback } from 'react';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { useApp } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import type { ListItem } from './service-entries.ts';

interface RowKeys {
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
}

/**
 * Arrows, Home, End and pages move through the rows, up from the first one into the search; Enter opens the panel (and
 * moves along with it), Escape closes it. Whoever comes in is at a row. C, T, P and / are actions of the window.
 */
export function useRowKeys(items: readonly ListItem[], scrollTo: (index: number) => void): RowKeys {
  const { window: store } = useApp();
  const onFocus = useCallback(
    (event: FocusEvent<HTMLElement>) => {
      const { cursor } = store.getState();
      const key = cursor === null ? '' : serviceKey(cursor);
      const entries = items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
      const [first] = entries;
      if (event.target === event.currentTarget && first !== undefined && !entries.some((one) => one.key === key)) {
        const { namespace, name } = first.service;
        store.setState({ cursor: { namespace, name } });
      }
    },
    [items, store],
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
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
      if (event.key === 'ArrowUp' && active === 0) {
        event.preventDefault();
        document.querySelector<HTMLElement>('[data-primary-search]')?.focus();
        return;
      }
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
  return { onKeyDown, onFocus };
}
