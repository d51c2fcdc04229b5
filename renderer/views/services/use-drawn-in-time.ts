import { useCallback, useDeferredValue, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

export interface Drawn<Filter, Row> {
  readonly filter: Filter;
  readonly rows: readonly Row[];
  /** True where what is drawn is not of now yet: nothing may be said of what it lacks. */
  readonly isBehind: boolean;
  /** Draws what is of now, before the next key is heard. */
  readonly settle: () => void;
}

/** What is typed and what the cluster tells are heard at once; a list of ten thousand follows when there is time. */
export function useDrawnInTime<Filter, Row>(filter: Filter, rows: readonly Row[]): Drawn<Filter, Row> {
  const later = { filter: useDeferredValue(filter), rows: useDeferredValue(rows) };
  const now = useRef({ filter, rows });
  now.current = { filter, rows };
  const [settled, setSettled] = useState(now.current);
  const settle = useCallback(() => flushSync(() => setSettled(now.current)), []);
  const drawnFilter = settled.filter === filter ? filter : later.filter;
  const drawnRows = settled.rows === rows ? rows : later.rows;
  return {
    filter: drawnFilter,
    rows: drawnRows,
    isBehind: drawnFilter !== filter || drawnRows !== rows,
    settle,
  };
}
