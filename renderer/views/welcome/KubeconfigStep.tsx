import { useMemo } from 'react';
import { addKubeconfig } from '../../actions/add-kubeconfig.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { useContexts, useShortName } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { Step } from './Step.tsx';
import styles from './Welcome.module.css';

/** Names shown of what was found; the rail shows the rest. */
const most = 4;

/** What there is to connect to. */
export function KubeconfigStep() {
  const say = useWords();
  const run = useRunAction();
  const shortName = useShortName();
  const { state, contexts, problems } = useContexts((all) => all);
  const files = useMemo(() => new Set(contexts.map(({ file }) => file)).size, [contexts]);
  const isFound = contexts.length > 0;
  return (
    <Step
      number={2}
      title={say('welcome.kubeconfig')}
      state={isFound ? 'done' : problems.length > 0 && state !== 'loading' ? 'bad' : 'wanted'}
    >
      <div className={styles.line}>
        <div className={styles.words}>
          {state === 'loading' ? (
            say('welcome.looking')
          ) : isFound ? (
            <>
              <span>{say('welcome.found', { count: contexts.length, files })}</span>
              <ul className={styles.found}>
                {contexts.slice(0, most).map(({ name, file }) => (
                  <li key={`${file} ${name}`} className={styles.context}>
                    <Badge>
                      <ForeignText text={shortName(name)} title={name} bound={40} />
                    </Badge>
                  </li>
                ))}
                {contexts.length > most ? (
                  <li className={styles.more}>{say('welcome.more', { count: contexts.length - most })}</li>
                ) : null}
              </ul>
            </>
          ) : (
            say('welcome.noneFound')
          )}
        </div>
        <Button icon={addKubeconfig.icon} onClick={() => run(addKubeconfig)}>
          {say('settings.addKubeconfig')}
        </Button>
      </div>
      {problems.map((problem) => (
        <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} />
      ))}
    </Step>
  );
}
