import type { ReactNode } from 'react';
import { classes } from '../kit/classes.ts';
import styles from './Page.module.css';

/**
 * The middle of the window: a header, a body, a footer, and details beside it. `reading` keeps lines short (settings,
 * diagnostics); `full` gives the body the whole height, so that a list can scroll by itself.
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
  /** A SidePanel, or nothing. */
  readonly panel?: ReactNode;
  readonly layout?: 'reading' | 'full';
  readonly children: ReactNode;
}) {
  return (
    <>
      <main className={styles.main} id="content" tabIndex={-1}>
        <div className={classes(styles.column, styles[layout])}>
          <header className={styles.header}>
            <div className={styles.titles}>
              <h1 className={styles.title}>{title}</h1>
              {subtitle === undefined ? null : <div className={styles.subtitle}>{subtitle}</div>}
            </div>
            {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
          </header>
          <div className={styles.body}>{children}</div>
        </div>
        {footer === undefined ? null : <footer className={styles.footer}>{footer}</footer>}
      </main>
      {panel}
    </>
  );
}
