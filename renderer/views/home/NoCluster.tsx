import { FileQuestion, ListTree } from 'lucide-react';
import type { ReactNode } from 'react';
import { addKubeconfig } from '../../actions/add-kubeconfig.ts';
import { startSandbox } from '../../actions/sandbox.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { WorkProgress } from '../../parts/WorkProgress.tsx';
import { Page } from '../../shell/Page.tsx';
import { useContexts, useMirror, usePlace, useWindow } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

/** No cluster to show: no kubeconfig, one that cannot be read, one without contexts, or one that is gone from it. */
export function NoCluster() {
  const say = useWords();
  const state = useContexts((contexts) => contexts.state);
  return (
    <Page title={say('shell.clusters')} layout="full">
      {state === 'loading' ? <SkeletonRows label={say('home.contextsLoading')} /> : <Why />}
    </Page>
  );
}

function Why() {
  const say = useWords();
  const contexts = useContexts((present) => present.contexts);
  const problems = useContexts((present) => present.problems);
  const chosen = useWindow((window) => window.chosen);
  if (contexts.length > 0) {
    return (
      <EmptyState
        icon={ListTree}
        title={chosen === null ? say('home.chooseTitle') : say('home.goneTitle', { name: chosen.context })}
      >
        {say('home.chooseHint')}
      </EmptyState>
    );
  }
  // A file that is not there is how everybody starts; one that cannot be read is a mistake to be told.
  const mistakes = problems.filter(({ code }) => code !== 'kubeconfig-missing');
  if (mistakes.length > 0) {
    return (
      <div className={styles.stage}>
        <VisuallyHidden>
          <h2>{say('home.noContextTitle')}</h2>
        </VisuallyHidden>
        {mistakes.map((problem) => (
          <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} actions={<Ways />} />
        ))}
      </div>
    );
  }
  return (
    <EmptyState icon={FileQuestion} title={say('home.noContextTitle')} actions={<Ways />}>
      {say('home.noContextHint')}
      <SandboxWork />
    </EmptyState>
  );
}

/** To come by a cluster. */
function Ways(): ReactNode {
  const say = useWords();
  const run = useRunAction();
  const context = useActionContext();
  const { isInSandbox } = usePlace();
  return (
    <>
      <Button kind="primary" icon={addKubeconfig.icon} onClick={() => run(addKubeconfig)}>
        {say('home.addKubeconfig')}
      </Button>
      {isInSandbox ? null : (
        <Button
          icon={startSandbox.icon}
          disabled={!startSandbox.isAvailable(context)}
          onClick={() => run(startSandbox)}
        >
          {say('home.trySandbox')}
        </Button>
      )}
    </>
  );
}

function SandboxWork() {
  const work = useMirror(({ snapshot }) => snapshot?.work ?? null);
  const started = work?.findLast(({ kind }) => kind === 'sandbox-start') ?? null;
  return started === null || started.state === 'done' ? null : (
    <div className={styles.work}>
      <WorkProgress work={started} />
    </div>
  );
}
