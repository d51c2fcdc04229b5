import type { CSSProperties } from 'react';
import { useWords } from '../words/words.ts';
import styles from './Skeleton.module.css';
import { VisuallyHidden } from './VisuallyHidden.tsx';

/** Rows that are on their way. `label` says what comes. */
export function SkeletonRows({ count = 6, label }: { readonly count?: number; readonly label?: string }) {
  const say = useWords();
  return (
    <div className={styles.rows} aria-busy="true">
      <VisuallyHidden>
        <span role="status">{label ?? say('kit.loading')}</span>
      </VisuallyHidden>
      {Array.from({ length: count }, (_, index) => `row ${index}`).map((row, index) => (
        <div
          key={row}
          className={styles.row}
          aria-hidden="true"
          style={{ '--fade': 1 - index / count } as CSSProperties}
        >
          <span className={styles.bone} />
          <span className={styles.bone} />
          <span className={styles.bone} />
        </div>
      ))}
    </div>
  );
}
