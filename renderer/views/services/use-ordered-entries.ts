import { useMemo, useRef } from 'react';
import type { Service } from '../../../app/contract/index.ts';
import type { Preference } from '../../store/rank-services.ts';
import type { ServiceFilter } from '../../store/window.ts';
import { type Entry, orderedEntries } from './service-entries.ts';

const none: readonly Entry[] = [];

/** The rows in order, made of the order before: only speed depends on what is remembered. */
export function useOrderedEntries(
  rows: readonly Service[],
  { column, isDescending }: ServiceFilter['sort'],
  preference: Preference,
): readonly Entry[] {
  const before = useRef(none);
  const ordered = useMemo(
    () => orderedEntries(rows, { column, isDescending }, preference, before.current),
    [rows, column, isDescending, preference],
  );
  before.current = ordered;
  return ordered;
}
