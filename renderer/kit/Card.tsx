import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Card.module.css';
import { classes } from './classes.ts';

/** A framed area. */
export function Card({
  children,
  className,
}: {
  readonly children: ReactNode;
  readonly className?: string | undefined;
}) {
  return <div className={classes(styles.card, className)}>{children}</div>;
}

/** One figure of a cluster: what it is, its value, and a second line. */
export function FigureCard({
  label,
  value,
  detail,
  badge,
  chart,
  isLink = false,
}: {
  readonly label: string;
  readonly value: ReactNode;
  readonly detail?: ReactNode;
  readonly badge?: ReactNode;
  readonly chart?: ReactNode;
  /** It leads somewhere, and says so. */
  readonly isLink?: boolean;
}) {
  return (
    <div className={classes(styles.card, styles.figure)}>
      <div className={styles.label}>
        {label}
        {isLink ? <ChevronRight className={styles.leads} aria-hidden="true" /> : null}
      </div>
      <div className={styles.value}>
        <span className={styles.number}>{value}</span>
        {badge}
      </div>
      <div className={styles.detail}>
        <span className={styles.words}>{detail}</span>
        {chart === undefined ? null : <span className={styles.chart}>{chart}</span>}
      </div>
    </div>
  );
}
