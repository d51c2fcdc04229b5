import { Boxes, ListTree, SearchX } from 'lucide-react';
import { listServices } from '../../actions/list-services.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ServicesTab.module.css';
import type { ListSource } from './use-list-source.ts';

/** What is said of a list. */
export interface ListWords {
  readonly loading: WordId;
  readonly idleTitle: WordId;
  readonly idleHint: WordId;
  readonly list: WordId;
  readonly noneTitle: WordId;
  readonly noneHint: WordId;
  readonly noMatchTitle: WordId;
  readonly noMatchText: WordId;
  readonly noMatchHint: WordId;
}

/** What stands where no row does: why, and what to press. */
export function ListStates({
  source,
  words,
  text,
  onClear,
}: {
  readonly source: ListSource<unknown>;
  readonly words: ListWords;
  /** What was searched for. */
  readonly text: string;
  /** Takes all filters away. */
  readonly onClear: () => void;
}) {
  const say = useWords();
  const run = useRunAction();
  const { state, rows, problems, because } = source;
  if (state === 'loading' && rows.length === 0) {
    return <SkeletonRows count={10} label={say(words.loading)} />;
  }
  if (state === 'idle') {
    return (
      <EmptyState
        icon={ListTree}
        title={say(words.idleTitle)}
        actions={
          <Button keys="R" onClick={() => run(listServices)}>
            {say(words.list)}
          </Button>
        }
      >
        {say(words.idleHint)}
      </EmptyState>
    );
  }
  const reasons = because === null ? problems : [because, ...problems];
  if (rows.length === 0 && reasons.length > 0) {
    return (
      <div className={styles.problems}>
        <VisuallyHidden>
          <h2>{say('services.partialTitle')}</h2>
        </VisuallyHidden>
        {reasons.map((problem) => (
          <ProblemCard
            key={`${problem.code} ${problem.cause}`}
            problem={problem}
            actions={
              source.listedAt === null ? undefined : (
                <Button onClick={() => run(listServices)}>{say('services.askAgain')}</Button>
              )
            }
          />
        ))}
      </div>
    );
  }
  return rows.length === 0 ? (
    <EmptyState icon={Boxes} title={say(words.noneTitle)}>
      {say(words.noneHint)}
    </EmptyState>
  ) : (
    <NoMatch all={rows.length} words={words} text={text} onClear={onClear} />
  );
}

function NoMatch({
  all,
  words,
  text,
  onClear,
}: {
  readonly all: number;
  readonly words: ListWords;
  readonly text: string;
  readonly onClear: () => void;
}) {
  const say = useWords();
  return (
    <EmptyState
      icon={SearchX}
      title={text === '' ? say(words.noMatchTitle) : say(words.noMatchText, { text })}
      actions={<Button onClick={onClear}>{say('services.clearFilters')}</Button>}
    >
      {say(words.noMatchHint, { count: all })}
    </EmptyState>
  );
}
