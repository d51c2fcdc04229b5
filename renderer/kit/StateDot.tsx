import type { CSSProperties } from 'react';
import { classes } from './classes.ts';
import styles from './StateDot.module.css';
import { VisuallyHidden } from './VisuallyHidden.tsx';

/** The states of a cluster, and that of one of which nothing is heard. The tray shows the same shapes. */
export type StateName =
  | 'off'
  | 'preparing'
  | 'connected'
  | 'degraded'
  | 'reconnecting'
  | 'disconnecting'
  | 'failed'
  | 'unknown';

/** Circumference of the ring in units of the drawing. */
const around = 2 * Math.PI * 4;

/**
 * A state told by shape and colour; words must stand beside it, or be given as `label`. `share` (0 to 1) fills the ring
 * while preparing.
 */
export function StateDot({
  state,
  share = 0,
  label,
}: {
  readonly state: StateName;
  readonly share?: number;
  readonly label?: string;
}) {
  return (
    <>
      <svg viewBox="0 0 12 12" className={classes(styles.dot, styles[state])} aria-hidden="true">
        <Shape state={state} share={share} />
      </svg>
      {label === undefined ? null : <VisuallyHidden>{label}</VisuallyHidden>}
    </>
  );
}

function Shape({ state, share }: { readonly state: StateName; readonly share: number }) {
  switch (state) {
    case 'connected':
      return <circle cx="6" cy="6" r="5" className={styles.solid} />;
    case 'degraded':
      return <path d="M6 6 10.33 3.5A5 5 0 1 1 6 1Z" className={styles.solid} />;
    case 'failed':
      return <path d="M6 .6 11.4 6 6 11.4.6 6Z" className={styles.solid} />;
    case 'reconnecting':
      return (
        <g className={styles.turning}>
          <path d="M11 6A5 5 0 1 1 6 1V6Z" className={styles.solid} />
        </g>
      );
    case 'unknown':
      return <circle cx="6" cy="6" r="4" className={styles.ring} strokeDasharray="2 2.2" />;
    case 'preparing':
      return (
        <>
          <circle cx="6" cy="6" r="4" className={styles.ground} />
          <circle
            cx="6"
            cy="6"
            r="4"
            className={styles.ring}
            style={{ strokeDasharray: `${Math.max(0.08, share) * around} ${around}` } satisfies CSSProperties}
            transform="rotate(-90 6 6)"
          />
        </>
      );
    default:
      return <circle cx="6" cy="6" r="4" className={styles.ring} />;
  }
}
