import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useMemo, useRef } from 'react';
import { tokenValue } from '../../kit/theme.ts';
import type { ListEntry, ListItem } from './list-entries.ts';

const heightOf = (name: '--size-row' | '--size-row-compact') =>
  Number.parseFloat(tokenValue(document.documentElement, name));

const keyOf = (item: ListItem<ListEntry> | undefined) => (item?.kind === 'group' ? item.namespace : item?.entry.key);

/**
 * Which rows are in sight. The virtualizer keeps the callbacks that it was made with, and with them everything that they
 * can see: they look at the list through a reference, so that the first list of all is not kept for ever.
 */
export function useRowsInSight(items: readonly ListItem<ListEntry>[], scroll: RefObject<HTMLDivElement | null>) {
  const latest = useRef(items);
  latest.current = items;
  const heights = useMemo(() => ({ entry: heightOf('--size-row'), group: heightOf('--size-row-compact') }), []);
  return useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: (index) => heights[latest.current[index]?.kind ?? 'entry'],
    // biome-ignore lint/correctness/useExhaustiveDependencies: another list has other heights, and a new function makes them be asked for again
    getItemKey: useCallback((index: number) => keyOf(latest.current[index]) ?? index, [items]),
    overscan: 8,
  });
}
