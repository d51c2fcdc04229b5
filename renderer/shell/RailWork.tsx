import { X } from 'lucide-react';
import { cancel } from '../actions/cancel-work.ts';
import { useActionContext } from '../actions/use-action.ts';
import { IconButton } from '../kit/IconButton.tsx';
import { Progress } from '../kit/Progress.tsx';
import { workNames, workText } from '../parts/work-words.ts';
import { useMirror } from '../store/hooks.ts';
import { cleanText } from '../words/clean-text.ts';
import { useWords } from '../words/words.ts';
import styles from './RailWork.module.css';

/** Long work that is under way, wherever one looks meanwhile. Nothing where there is none. */
export function RailWork() {
  const say = useWords();
  const context = useActionContext();
  const all = useMirror((mirror) => mirror.snapshot?.work ?? null);
  const running = all?.filter(({ endedAt }) => endedAt === null) ?? [];
  if (running.length === 0) {
    return null;
  }
  return (
    <ul className={styles.list} aria-label={say('work.underWay')}>
      {running.map((work) => (
        <li key={work.id} className={styles.work}>
          <div className={styles.what}>
            <Progress text={say(workNames[work.kind])} fraction={work.fraction} />
            <span className={styles.now}>{cleanText(workText(say, work))}</span>
          </div>
          <IconButton
            icon={X}
            size="small"
            label={say('work.cancelNamed', { name: say(workNames[work.kind]) })}
            disabled={work.state === 'cancelling'}
            onClick={() => void cancel(context, work.id)}
          />
        </li>
      ))}
    </ul>
  );
}
