import type { ReactNode } from 'react';
import styles from './Facts.module.css';

/** Names and values, one a line. */
export function Facts({
  label,
  isNarrow = false,
  children,
}: {
  readonly label: string;
  /** In a panel, which is narrow and scrolls. */
  readonly isNarrow?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <dl className={styles.facts} data-narrow={isNarrow || undefined} aria-label={label}>
      {children}
    </dl>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt className={styles.name}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  );
}
