import { CircleAlert, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { Problem } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { classes } from '../../kit/classes.ts';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { isAboutRange, RangeFix } from '../../parts/RangeFix.tsx';
import { problemWords } from '../../words/problem-words.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

const ranks = { error: 0, warning: 1, info: 2 } as const;

/** Connected, but not all of it: one line, and the whole of it on demand, so that the list keeps its room. */
export function DegradedNotice({ problems }: { readonly problems: readonly Problem[] }) {
  const say = useWords();
  const intl = useIntl();
  const [isOpen, setOpen] = useState(false);
  // The worst is what the one line says.
  const [first] = problems.toSorted((one, other) => ranks[one.severity] - ranks[other.severity]);
  if (first === undefined) {
    return null;
  }
  return (
    <div className={classes(styles.notice, styles.stack)} role="status">
      <Card className={classes(styles.inline, first.severity === 'error' ? styles.broken : styles.careful)}>
        {first.severity === 'error' ? (
          <CircleAlert className={classes(styles.noticeIcon, styles.brokenIcon)} aria-hidden="true" />
        ) : (
          <TriangleAlert className={styles.noticeIcon} aria-hidden="true" />
        )}
        <span className={styles.inlineWords}>
          {problems.length === 1
            ? problemWords(intl, first).title
            : say('home.degraded', { title: problemWords(intl, first).title, count: problems.length - 1 })}
        </span>
        <Button size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? say('home.less') : say('home.more')}
        </Button>
      </Card>
      <VisuallyHidden>
        <h2>{say('home.warnings')}</h2>
      </VisuallyHidden>
      {isOpen
        ? problems.map((problem) => (
            <ProblemCard
              key={`${problem.code} ${problem.cause}`}
              problem={problem}
              actions={isAboutRange(problem) ? <RangeFix problem={problem} /> : undefined}
            />
          ))
        : null}
    </div>
  );
}
