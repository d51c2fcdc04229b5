import { useMemo, useRef } from 'react';
import type { Preference } from '../../store/rank-services.ts';
import { type Entry, type Filter, type Found, matchingEntries } from './service-entries.ts';

/** The entries that are wished for, found among those of the letter before: only speed depends on what is remembered. */
export function useMatchingEntries(
  ordered: readonly Entry[],
  filter: Filter,
  preference: Preference,
  isBestFirst: boolean,
): Found {
  const before = useRef<Found>(undefined);
  const { text, isReadyOnly, pinned, namespaces } = filter;
  const found = useMemo(
    () => matchingEntries(ordered, { text, isReadyOnly, pinned, namespaces }, preference, isBestFirst, before.current),
    [ordered, text, isReadyOnly, pinned, namespaces, preference, isBestFirst],
  );
  before.current = found;
  return found;
}
