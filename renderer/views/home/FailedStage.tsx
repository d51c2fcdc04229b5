import { useState } from 'react';
import { type Connection, type Context, keyOf, waitsForUser } from '../../../app/contract/index.ts';
import { connectContext, disconnectContext } from '../../actions/connection.ts';
import { prepareHelper } from '../../actions/prepare-helper.ts';
import { runChecks } from '../../actions/run-checks.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { Tabs } from '../../kit/Tabs.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { isAboutRange, RangeFix } from '../../parts/RangeFix.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { ContextChanges } from './ContextChanges.tsx';
import { Overview } from './Overview.tsx';
import { StepList } from './StepList.tsx';

type Failed = Extract<Connection, { phase: 'failed' }>;

/** Not connected: what failed, and beside it what the cluster is when it is off. */
export function FailedStage({ context, connection }: { readonly context: Context; readonly connection: Failed }) {
  const say = useWords();
  const [part, setPart] = useState<'failure' | 'overview'>('failure');
  return (
    <div className={styles.off}>
      <Tabs
        label={say('home.tabs')}
        value={part}
        onChange={setPart}
        tabs={[
          { value: 'failure', words: say('home.tabFailure') },
          { value: 'overview', words: say('home.tabOverview') },
        ]}
      >
        {part === 'failure' ? (
          <Failure context={context} connection={connection} />
        ) : (
          <Overview context={context} chosen={keyOf(connection)} last={null} />
        )}
      </Tabs>
    </div>
  );
}

/** Where it stopped and why, what to do, and how this computer was left. */
function Failure({ context, connection }: { readonly context: Context; readonly connection: Failed }) {
  const actions = useActionContext();
  const run = useRunAction();
  const say = useWords();
  const { because, done, milliseconds, step, retry } = connection;
  const isAboutHelper = because.code.startsWith('helper-');
  const isWaiting = waitsForUser(because);
  const isTable = because.code === 'context-changed' && context.changes.length > 0;
  return (
    <div className={styles.stage}>
      <VisuallyHidden>
        <h2>{say('home.steps')}</h2>
      </VisuallyHidden>
      <StepList
        done={done}
        present={{
          step,
          state: 'failed',
          milliseconds,
          detail: (
            <div className={styles.stack}>
              <ProblemCard
                problem={isTable ? { ...because, cause: '', said: null } : because}
                actions={
                  <>
                    {isAboutHelper && prepareHelper.isAvailable(actions) ? (
                      <Button kind="primary" onClick={() => run(prepareHelper)}>
                        {say('home.startHelper')}
                      </Button>
                    ) : null}
                    {isAboutHelper ? (
                      <Button onClick={() => void connectContext(actions, context, { proxy: true })}>
                        {say('home.connectByProxy')}
                      </Button>
                    ) : null}
                    <Button
                      kind={isAboutHelper || (retry === 'pointless' && !isWaiting) ? 'quiet' : 'primary'}
                      onClick={() => void connectContext(actions, context)}
                    >
                      {isWaiting ? say('home.lookAndConfirm') : say('home.tryAgain')}
                    </Button>
                    {retry === 'automatic' ? (
                      <Button onClick={() => void disconnectContext(actions, keyOf(connection))}>
                        {say('home.stopTrying')}
                      </Button>
                    ) : null}
                    {isAboutRange(because) ? (
                      <RangeFix problem={because} changed={() => void connectContext(actions, context)} />
                    ) : null}
                    <Button kind="ghost" onClick={() => run(runChecks)}>
                      {say('home.diagnose')}
                    </Button>
                  </>
                }
              />
              {isTable ? <ContextChanges changes={context.changes} /> : null}
            </div>
          ),
        }}
      />
      <Aftermath connection={connection} />
    </div>
  );
}

function Aftermath({ connection: { because, leftOnHost, retry, nextTryAt } }: { readonly connection: Failed }) {
  const say = useWords();
  const now = useNow(500);
  return (
    <div className={styles.aftermath}>
      {leftOnHost === 0 ? (
        <Badge tone="fine">{say('home.leftNothing')}</Badge>
      ) : (
        <Badge tone="bad">{say('home.leftSome', { count: leftOnHost })}</Badge>
      )}
      <span className={styles.second}>
        {retry === 'automatic' && nextTryAt !== null
          ? say('home.nextTry', { seconds: Math.max(0, Math.ceil((nextTryAt - now) / 1000)) })
          : waitsForUser(because)
            ? say('home.goesOnConfirmed')
            : retry === 'pointless'
              ? say('home.retryPointless')
              : ''}
      </span>
    </div>
  );
}
