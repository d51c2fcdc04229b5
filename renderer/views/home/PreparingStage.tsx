import { type Connection, keyOf } from '../../../app/contract/index.ts';
import { disconnectContext } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useNow } from '../../parts/use-now.ts';
import { causeWords } from '../../words/cause-words.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { StepList } from './StepList.tsx';

/** On its way: each step as it goes, and a way back. */
export function PreparingStage({ connection }: { readonly connection: Extract<Connection, { phase: 'preparing' }> }) {
  const { step, stepStartedAt, detail, detailSaid, done, attempt } = connection;
  const say = useWords();
  const intl = useIntl();
  const context = useActionContext();
  const now = useNow(200);
  return (
    <div className={styles.stage}>
      <VisuallyHidden>
        <h2>{say('home.steps')}</h2>
      </VisuallyHidden>
      <StepList
        done={done}
        present={{
          step,
          state: 'running',
          milliseconds: Math.max(0, now - stepStartedAt),
          ...(detail === ''
            ? {}
            : {
                detail: (
                  <ForeignText text={causeWords(intl, { text: detail, said: detailSaid })} kind="lines" bound={1000} />
                ),
              }),
        }}
      />
      <div className={styles.buttons}>
        <Button onClick={() => void disconnectContext(context, keyOf(connection))}>{say('kit.cancel')}</Button>
        {attempt > 1 ? <span className={styles.second}>{say('home.attempt', { count: attempt })}</span> : null}
      </div>
    </div>
  );
}
