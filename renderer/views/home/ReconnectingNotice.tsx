import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { Connection } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { classes } from '../../kit/classes.ts';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useFormat } from '../../words/format.ts';
import { problemWords } from '../../words/problem-words.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

/** The cluster was lost and is tried again: since when, why, when next, and what stays on this computer. */
export function ReconnectingNotice({
  connection: { because, lostAt, attempt, nextTryAt, hostKept },
}: {
  readonly connection: Extract<Connection, { phase: 'reconnecting' }>;
}) {
  const say = useWords();
  const format = useFormat();
  const intl = useIntl();
  const now = useNow(500);
  const [isOpen, setOpen] = useState(false);
  const seconds = Math.ceil((nextTryAt - now) / 1000);
  return (
    <div className={classes(styles.notice, styles.stack)} role="status">
      <Card className={classes(styles.inline, styles.careful)}>
        <TriangleAlert className={styles.noticeIcon} aria-hidden="true" />
        <span className={styles.inlineWords}>
          <strong>{problemWords(intl, because).title}</strong>
          <br />
          <span className={styles.second}>
            {say('home.lostAt', { time: format.clock(lostAt) })} ·{' '}
            {seconds > 0 ? say('home.nextTry', { seconds }) : say('home.tryingNow', { count: attempt })} ·{' '}
            {hostKept ? say('home.keptLong') : say('home.undoneLong')}
          </span>
        </span>
        <Button size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <VisuallyHidden>
            <h2>{say('home.warnings')}</h2>
          </VisuallyHidden>
          {isOpen ? say('home.less') : say('home.more')}
        </Button>
      </Card>
      {isOpen ? <ProblemCard problem={because} /> : null}
    </div>
  );
}
