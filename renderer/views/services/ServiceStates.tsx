import { Boxes, ListTree, SearchX } from 'lucide-react';
import { listServices } from '../../actions/list-services.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import { noFilter } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import styles from './ServicesTab.module.css';
import type { ServiceSource } from './use-service-source.ts';

/** What stands where no row does: why, and what to press. */
export function ServiceStates({
  source,
  onAllNamespaces,
}: {
  readonly source: ServiceSource;
  readonly onAllNamespaces: () => void;
}) {
  const say = useWords();
  const run = useRunAction();
  const { state, rows, problems, because } = source;
  if (state === 'loading' && rows.length === 0) {
    return <SkeletonRows count={10} label={say('services.loading')} />;
  }
  if (state === 'idle') {
    return (
      <EmptyState
        icon={ListTree}
        title={say('services.idleTitle')}
        actions={
          <Button keys="R" onClick={() => run(listServices)}>
            {say('services.list')}
          </Button>
        }
      >
        {say('services.idleHint')}
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
    <EmptyState icon={Boxes} title={say('services.noneTitle')}>
      {say('services.noneHint')}
    </EmptyState>
  ) : (
    <NoMatch all={rows.length} onAllNamespaces={onAllNamespaces} />
  );
}

function NoMatch({ all, onAllNamespaces }: { readonly all: number; readonly onAllNamespaces: () => void }) {
  const say = useWords();
  const app = useApp();
  const filter = useWindow((state) => state.filter);
  return (
    <EmptyState
      icon={SearchX}
      title={filter.text === '' ? say('services.noMatchTitle') : say('services.noMatchText', { text: filter.text })}
      actions={
        <Button
          onClick={() => {
            app.window.setState({ filter: { ...noFilter, sort: filter.sort, isGrouped: filter.isGrouped } });
            onAllNamespaces();
          }}
        >
          {say('services.clearFilters')}
        </Button>
      }
    >
      {say('services.noMatchHint', { count: all })}
    </EmptyState>
  );
}
