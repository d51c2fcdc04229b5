import { type ReactNode, useId } from 'react';
import styles from './Section.module.css';

/** A part of a page: its name, what it is for, what can be done with the whole of it, and its body. */
export function Section({
  title,
  hint,
  actions,
  id,
  children,
}: {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  /** Where a link of the page leads. */
  readonly id?: string;
  readonly children: ReactNode;
}) {
  const heading = useId();
  return (
    <section className={styles.section} aria-labelledby={heading} id={id} tabIndex={id === undefined ? undefined : -1}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h2 id={heading} className={styles.title}>
            {title}
          </h2>
          {hint === undefined ? null : <div className={styles.hint}>{hint}</div>}
        </div>
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}
