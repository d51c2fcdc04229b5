import { FileQuestion, ListTree } from 'lucide-react';
import { goSettings } from '../../actions/go.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { Page } from '../../shell/Page.tsx';
import { useContexts, useWindow } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

/** No cluster to show: no kubeconfig, one that cannot be read, one without contexts, or one that is gone from it. */
export function NoCluster() {
  const say = useWords();
  const run = useRunAction();
  const state = useContexts((contexts) => contexts.state);
  const contexts = useContexts((present) => present.contexts);
  const problems = useContexts((present) => present.problems);
  const chosen = useWindow((window) => window.chosen);
  const add = (
    <Button kind="primary" keys={goSettings.keys} onClick={() => run(goSettings)}>
      {say('home.addKubeconfig')}
    </Button>
  );
  return (
    <Page title={say('shell.clusters')} layout="full">
      {state === 'loading' ? (
        <SkeletonRows label={say('home.contextsLoading')} />
      ) : contexts.length > 0 ? (
        <EmptyState
          icon={ListTree}
          title={chosen === null ? say('home.chooseTitle') : say('home.goneTitle', { name: chosen.context })}
        >
          {say('home.chooseHint')}
        </EmptyState>
      ) : problems.length > 0 ? (
        <div className={styles.stage}>
          <div className={styles.reasons}>
            {problems.map((problem) => (
              <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} actions={add} />
            ))}
          </div>
        </div>
      ) : (
        <EmptyState icon={FileQuestion} title={say('home.noContextTitle')} actions={add}>
          {say('home.noContextHint')}
        </EmptyState>
      )}
    </Page>
  );
}
