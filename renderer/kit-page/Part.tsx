import type { ReactNode } from 'react';
import styles from './KitPage.module.css';

/** One group of pieces. */
export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h2 className={styles.name}>{title}</h2>
      <div className={styles.pieces}>{children}</div>
    </section>
  );
}
