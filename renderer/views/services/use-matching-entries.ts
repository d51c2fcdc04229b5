import { useMemo, useRef } from 'react';
import { type Entry, type Filter, type Found, matchingEntries } from './service-entries.ts';

/** The entries that are wished for, found among those of the letter before: only speed depends on what is remembered. */
export function useMatchingEntries(ordered: readonly Entry[], filter: Filter): readonly Entry[] {
  const before = useRef<Found>(undefined);
  const { text, isReadyOnly, pinned, namespaces } = filter;
  const found = useMemo(() => {
    const now = { text, isReadyOnly, pinned, namespaces };
    return { ordered, filter: now, matching: matchingEntries(ordered, now, before.current) };
  }, [ordered, text, isReadyOnly, pinned, namespaces]);
  before.current = found;
  return found.matching;
}
