import { X } from 'lucide-react';
import type { Work } from '../../app/contract/index.ts';
import { cancel } from '../actions/cancel-work.ts';
import { useActionContext } from '../actions/use-action.ts';
import { Button } from '../kit/Button.tsx';
import { Progress } from '../kit/Progress.tsx';
import { cleanText } from '../words/clean-text.ts';
import { useFormat } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { useNow } from './use-now.ts';
import styles from './WorkProgress.module.css';
import { workNames, workText } from './work-words.ts';

/** Long work where one waits for it: what it does, how far, since when, and the way to end it. */
export function WorkProgress({ work }: { readonly work: Work }) {
  const say = useWords();
  const format = useFormat();
  const context = useActionContext();
  const now = useNow(1000);
  return (
    <div className={styles.work}>
      <div className={styles.progress}>
        <Progress
          text={`${say(workNames[work.kind])} · ${cleanText(workText(say, work))} · ${format.duration(now - work.startedAt)}`}
          fraction={work.fraction}
        />
      </div>
      <Button
        size="small"
        icon={X}
        disabled={work.state === 'cancelling'}
        onClick={() => void cancel(context, work.id)}
      >
        {say('kit.cancel')}
      </Button>
    </div>
  );
}
