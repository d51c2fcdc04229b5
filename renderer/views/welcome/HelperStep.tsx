import { useState } from 'react';
import type { Problem } from '../../../app/contract/index.ts';
import { prepareHelper } from '../../actions/prepare-helper.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { RootProgram } from '../../parts/RootProgram.tsx';
import { useApp, useMirror, useWho } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { Step } from './Step.tsx';
import styles from './Welcome.module.css';

/** The helper: the one part with rights of its own, started with one prompt of the system. */
export function HelperStep() {
  const say = useWords();
  const who = useWho();
  const { host } = useApp();
  const helper = useMirror(({ snapshot }) => snapshot?.helper ?? null);
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const isReady = helper?.state === 'ready';
  const problem = isReady ? null : (refusal ?? (helper?.state === 'refused' ? helper.because : null));
  // Not the action itself: what becomes of it is shown here, and not in a note that goes away.
  const prepare = async () => {
    setAsking(true);
    setRefusal(null);
    const result = await host.link.call('prepareHelper', {});
    setAsking(false);
    setRefusal(result.ok ? null : result.problem);
  };
  return (
    <Step number={1} title={say('welcome.helper')} state={isReady ? 'done' : problem === null ? 'wanted' : 'bad'}>
      <div className={styles.line}>
        <div className={styles.words}>
          <p>{say('welcome.helperHint', { who })}</p>
          <RootProgram />
        </div>
        {isReady ? (
          <Badge tone="fine">{say('welcome.helperReady')}</Badge>
        ) : (
          <Button
            kind={isAsking ? 'quiet' : 'primary'}
            icon={prepareHelper.icon}
            disabled={isAsking}
            onClick={() => void prepare()}
          >
            {isAsking
              ? say('welcome.helperAsking')
              : problem === null
                ? say('welcome.helperStart')
                : say('welcome.helperAgain')}
          </Button>
        )}
      </div>
      {isReady ? (
        <p className={styles.detail}>
          <ForeignText text={helper.build} kind="code" bound={80} />
        </p>
      ) : null}
      {problem === null ? null : <ProblemCard problem={problem} />}
    </Step>
  );
}
