import type { ReactNode } from 'react';
import styles from './ServicePanel.module.css';

/** One part of the panel under its heading. */
export function Section({
  title,
  detail,
  children,
}: {
  readonly title: string;
  readonly detail?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3 className={styles.heading}>
        {title}
        {detail}
      </h3>
      {children}
    </section>
  );
}
