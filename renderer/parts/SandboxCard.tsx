import { FlaskConical } from 'lucide-react';
import { isSandboxUp, runningWork, startSandbox, stopSandbox } from '../actions/sandbox.ts';
import { useRunAction } from '../actions/use-action.ts';
import { Badge } from '../kit/Badge.tsx';
import { Button } from '../kit/Button.tsx';
import { Card } from '../kit/Card.tsx';
import { ProblemCard } from '../kit/ProblemCard.tsx';
import { useApp, useMirror, useSettings } from '../store/hooks.ts';
import { useWords } from '../words/words.ts';
import styles from './SandboxCard.module.css';
import { WorkProgress } from './WorkProgress.tsx';

/** A whole cluster on this computer to try things with: begun, watched, cancelled, ended. */
export function SandboxCard() {
  const say = useWords();
  const run = useRunAction();
  const app = useApp();
  const work = useMirror(({ snapshot }) => snapshot?.work ?? null);
  const isUp = isSandboxUp(useSettings());
  const running = work === null ? null : runningWork(app, ['sandbox-start', 'sandbox-stop']);
  const last = work?.findLast(({ kind }) => kind !== 'report') ?? null;
  return (
    <div className={styles.stack}>
      <Card className={styles.card}>
        {running === null ? (
          <>
            <FlaskConical className={styles.icon} aria-hidden="true" />
            <div className={styles.words}>
              <span className={styles.title}>
                {say('settings.sandboxTitle')} {isUp ? <Badge tone="fine">{say('settings.sandboxUp')}</Badge> : null}
              </span>
              <span className={styles.hint}>{say('settings.sandboxHint')}</span>
            </div>
            {isUp ? (
              <Button icon={stopSandbox.icon} onClick={() => run(stopSandbox)}>
                {say('work.stopSandbox')}
              </Button>
            ) : (
              <Button icon={startSandbox.icon} onClick={() => run(startSandbox)}>
                {say('work.startSandbox')}
              </Button>
            )}
          </>
        ) : (
          <div className={styles.words}>
            <WorkProgress work={running} />
          </div>
        )}
      </Card>
      {running === null && last?.state === 'failed' && last.problem !== null ? (
        <ProblemCard problem={last.problem} />
      ) : null}
    </div>
  );
}
