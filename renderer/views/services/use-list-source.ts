/** Where the rows come from: the stream of the connected context, or the list that was asked for while it is off. */
import { useMemo } from 'react';
import { type ContextKey, isSameKey, type Problem, type ServiceKey } from '../../../app/contract/index.ts';
import type { Listing } from '../../store/list-feed.ts';
import type { Listed } from '../../store/listed-services.ts';

export interface ListSource<Row> {
  /** idle: nobody asked yet. */
  readonly state: 'idle' | 'loading' | 'present' | 'failed';
  readonly rows: readonly Row[];
  readonly namespaces: readonly string[];
  /** What is not seen, and why. */
  readonly problems: readonly Problem[];
  readonly because: Problem | null;
  /** Null for a stream, which is always of now; else when the list came (milliseconds since the epoch). */
  readonly listedAt: number | null;
}

const nobody: ListSource<never> = {
  state: 'idle',
  rows: [],
  namespaces: [],
  problems: [],
  because: null,
  listedAt: null,
};

export function useListSource<Row extends ServiceKey>(
  context: ContextKey,
  streamed: Listing<Row>,
  listed: Listed<Row>,
): ListSource<Row> {
  return useMemo(() => {
    if (isSameKey(streamed.context, context)) {
      return {
        state: streamed.state === 'ended' ? 'failed' : streamed.state === 'idle' ? 'loading' : streamed.state,
        rows: streamed.rows,
        namespaces: streamed.namespaces,
        problems: streamed.problems,
        because: streamed.endedBecause,
        listedAt: null,
      };
    }
    if (!isSameKey(listed.context, context)) {
      return nobody;
    }
    const { state, rows, problems, because, at } = listed;
    const namespaces = [...new Set(rows.map((row) => row.namespace))].sort();
    return { state, rows, namespaces, problems, because, listedAt: at };
  }, [streamed, listed, context]);
}
