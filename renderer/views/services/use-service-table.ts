import { type SortingState, type Updater, useTable } from '@tanstack/react-table';
import { useApp } from '../../store/hooks.ts';
import type { ServiceFilter, SortColumn } from '../../store/window.ts';
import { features, type makeColumns } from './columns.tsx';
import type { Entry } from './service-entries.ts';

const idOf = ({ key }: Entry): string => key;

/**
 * The table over the rows in sight, which come sorted: it keeps columns, headings and the sort. A function of its own,
 * because a table keeps what it was first called with, and with that everything its callbacks can see: here that is a
 * screenful, in the component it would be ten thousand Services of then.
 */
export function useServiceTable(
  columns: ReturnType<typeof makeColumns>,
  entries: readonly Entry[],
  sort: ServiceFilter['sort'],
) {
  const { window: store } = useApp();
  return useTable({
    features,
    columns,
    data: entries,
    getRowId: idOf,
    manualSorting: true,
    enableSortingRemoval: false,
    state: { sorting: [{ id: sort.column, desc: sort.isDescending }] },
    onSortingChange: (updater: Updater<SortingState>) => {
      const [first] = typeof updater === 'function' ? updater([{ id: sort.column, desc: sort.isDescending }]) : updater;
      if (first !== undefined) {
        const next = { column: first.id as SortColumn, isDescending: first.desc };
        store.setState((state) => ({ filter: { ...state.filter, sort: next } }));
      }
    },
  });
}
