import { Check, Info, type LucideIcon, TriangleAlert, X } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { classes } from './classes.ts';

export type Tone = 'fine' | 'careful' | 'bad' | 'accent' | 'plain';

const marks: Readonly<Record<Tone, LucideIcon | null>> = {
  fine: Check,
  careful: TriangleAlert,
  bad: X,
  accent: Info,
  plain: null,
};

/** A short verdict: a mark and words, so that colour is never alone. `mark` replaces the tone's own. */
export function Badge({
  tone = 'plain',
  mark,
  children,
}: {
  readonly tone?: Tone;
  readonly mark?: ReactNode;
  readonly children: ReactNode;
}) {
  const Mark = marks[tone];
  return (
    <span className={classes(styles.badge, styles[tone])}>
      {mark ?? (Mark === null ? null : <Mark className={styles.mark} aria-hidden="true" />)}
      <span className={styles.words}>{children}</span>
    </span>
  );
}
