import type { ReactNode } from 'react';
import { Card } from '../../kit/Card.tsx';
import styles from './Settings.module.css';

/** Settings that belong together, one below the other. */
export function Rows({ children }: { readonly children: ReactNode }) {
  return <Card className={styles.rows}>{children}</Card>;
}
