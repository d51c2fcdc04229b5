import type { ReactNode } from 'react';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import { ListFooter } from './ListFooter.tsx';
import { ListStates, type ListWords } from './ListStates.tsx';
import type { ListEntry } from './list-entries.ts';
import styles from './ServicesTab.module.css';
import type { Drawn } from './use-drawn-in-time.ts';
import { useDrawnList } from './use-drawn-list.ts';
import type { ListSource } from './use-list-source.ts';

/** A list with its filters over it and its figures below, or what stands where no row does. */
export function ListTab<Row>({
  source,
  drawn: { filter, rows, isBehind, settle },
  matching,
  words,
  onClear,
  toolbar,
  table,
  keys,
}: {
  readonly source: ListSource<Row>;
  readonly drawn: Drawn<{ readonly text: string }, Row>;
  /** What the filter lets through. */
  readonly matching: readonly ListEntry[];
  readonly words: ListWords & { readonly count: WordId; readonly countOf: WordId };
  /** Takes all filters away. */
  readonly onClear: () => void;
  readonly toolbar: ReactNode;
  readonly table: ReactNode;
  readonly keys: readonly { readonly keys: readonly string[]; readonly words: string }[];
}) {
  const say = useWords();
  useDrawnList(matching, settle);
  const isEmpty = matching.length === 0;
  // Filters and keys of rows are for rows.
  const hasRows = source.rows.length > 0 || source.state === 'loading';
  return (
    <div className={styles.tab}>
      {hasRows ? toolbar : null}
      {isEmpty && isBehind ? (
        <SkeletonRows count={10} label={say(words.loading)} />
      ) : isEmpty ? (
        <ListStates source={source} words={words} text={filter.text} onClear={onClear} />
      ) : (
        table
      )}
      {hasRows ? (
        <ListFooter
          shown={matching.length}
          all={rows.length}
          isReady={source.state === 'present' && !isBehind}
          count={words.count}
          countOf={words.countOf}
          keys={keys}
        />
      ) : null}
    </div>
  );
}
