import styles from './Brand.module.css';

/** The mark: a slipway going down into the water. */
export function BrandMark() {
  return (
    <svg viewBox="0 0 24 24" className={styles.mark} aria-hidden="true">
      <path d="M2.5 6.5h4c2 0 3 1 4.4 2.6l4.2 4.8c1.2 1.4 2.4 2 4.2 2h2.2" />
      <path d="M14 6.5h2.6c1.6 0 2.7.7 4.9 2.6" />
      <path d="M2.5 18.5c1.6 0 2.1-1 3.7-1s2.1 1 3.7 1 2.1-1 3.7-1 2.1 1 3.7 1 2.1-1 3.7-1" />
    </svg>
  );
}
