import type { ReactNode } from 'react';
import { classes } from '../kit/classes.ts';
import styles from './Page.module.css';

/**
 * The middle of the window: a header, a body, a footer. `reading` keeps lines short (settings, diagnostics); `full` gives
 * the body the whole height, so that a list can scroll by itself, with details beside it. These begin below the header:
 * what one presses there stays where it is when they open.
 */
export function Page({
  title,
  subtitle,
  actions,
  footer,
  panel,
  layout = 'reading',
  children,
}: {
  readonly title: ReactNode;
  readonly subtitle?: ReactNode;
  /** To the right of the title. */
  readonly actions?: ReactNode;
  readonly footer?: ReactNode;
  /** A SidePanel, or nothing; of a `full` page only. */
  readonly panel?: ReactNode;
  readonly layout?: 'reading' | 'full';
  readonly children: ReactNode;
}) {
  const head = (
    <header className={styles.header}>
      <div className={styles.titles}>
        <h1 className={styles.title}>{title}</h1>
        {subtitle === undefined ? null : <div className={styles.subtitle}>{subtitle}</div>}
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </header>
  );
  const foot = footer === undefined ? null : <footer className={styles.footer}>{footer}</footer>;
  return layout === 'reading' ? (
    <main className={styles.main} id="content" tabIndex={-1}>
      <div className={classes(styles.column, styles.reading)}>
        {head}
        <div className={styles.body}>{children}</div>
      </div>
      {foot}
    </main>
  ) : (
    <div className={styles.main} id="content" tabIndex={-1}>
      {head}
      <div className={styles.below}>
        <main className={styles.main} tabIndex={-1}>
          <div className={classes(styles.column, styles.full)}>
            <div className={styles.body}>{children}</div>
          </div>
          {foot}
        </main>
        {panel}
      </div>
    </div>
  );
}
