import { type CSSProperties, useId } from 'react';
import { useIntl } from '../words/words.ts';
import styles from './Progress.module.css';

/** Long work: what it does now, and how far it is where that can be told. Never a wheel without words. */
export function Progress({
  text,
  fraction,
}: {
  readonly text: string /** 0 to 1; null where it cannot be told. */;
  readonly fraction: number | null;
}) {
  const intl = useIntl();
  const id = useId();
  const share = fraction === null ? null : Math.min(1, Math.max(0, fraction));
  return (
    <div className={styles.progress}>
      <div className={styles.words}>
        <span id={id} className={styles.text}>
          {text}
        </span>
        {share === null ? null : <span className={styles.share}>{intl.formatNumber(share, { style: 'percent' })}</span>}
      </div>
      <div
        role="progressbar"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
        className={styles.track}
      >
        <div
          className={share === null ? styles.wandering : styles.bar}
          style={share === null ? undefined : ({ '--share': share } as CSSProperties)}
        />
      </div>
    </div>
  );
}
