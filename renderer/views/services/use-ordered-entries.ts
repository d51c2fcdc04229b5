import { useMemo, useRef } from 'react';
import type { Sort } from './list-entries.ts';

const none: readonly never[] = [];

/** The rows in order, made of the order before: only speed depends on what is remembered. `order` stays the same function. */
export function useOrderedEntries<Row, Column, Preference, Entry>(
  rows: readonly Row[],
  { column, isDescending }: Sort<Column>,
  preference: Preference,
  order: (
    rows: readonly Row[],
    sort: Sort<Column>,
    preference: Preference,
    before: readonly Entry[],
  ) => readonly Entry[],
): readonly Entry[] {
  const before = useRef<readonly Entry[]>(none);
  const ordered = useMemo(
    () => order(rows, { column, isDescending }, preference, before.current),
    [rows, column, isDescending, preference, order],
  );
  before.current = ordered;
  return ordered;
}
