import { Check, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classes } from '../../kit/classes.ts';
import styles from './Welcome.module.css';

/** One thing that is needed: done, wanted, refused, or only offered. */
export function Step({
  number,
  title,
  state,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly state: 'done' | 'wanted' | 'bad' | 'offered';
  readonly children: ReactNode;
}) {
  return (
    <li className={styles.step}>
      <span className={classes(styles.number, styles[state])} aria-hidden="true">
        {state === 'done' ? (
          <Check className={styles.mark} />
        ) : state === 'bad' ? (
          <TriangleAlert className={styles.mark} />
        ) : (
          number
        )}
      </span>
      <div className={styles.stepBody}>
        <h2 className={styles.stepTitle}>{title}</h2>
        {children}
      </div>
    </li>
  );
}
