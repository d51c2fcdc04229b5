import { Minus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Problem } from '../../app/contract/index.ts';
import badgeStyles from '../kit/Badge.module.css';
import { Badge, type Tone } from '../kit/Badge.tsx';
import { ProblemCard } from '../kit/ProblemCard.tsx';
import styles from './Verdict.module.css';

export type VerdictState = 'good' | 'warning' | 'bad' | 'not-checked';

const tones: Readonly<Record<VerdictState, Tone>> = {
  good: 'fine',
  warning: 'careful',
  bad: 'bad',
  'not-checked': 'plain',
};

/** One line of a list of verdicts: what was looked at, how it is, what was found, how long it took, and the problem. */
export function Verdict({
  state,
  words,
  name,
  children,
  aside,
  problem = null,
}: {
  readonly state: VerdictState;
  /** Of the badge. */
  readonly words: string;
  readonly name: string;
  readonly children?: ReactNode;
  /** At the end of the line: a time, say. */
  readonly aside?: ReactNode;
  readonly problem?: Problem | null;
}) {
  return (
    <li className={styles.row}>
      <div className={styles.line}>
        <span className={styles.badge}>
          <Badge
            tone={tones[state]}
            mark={state === 'not-checked' ? <Minus className={badgeStyles.mark} aria-hidden="true" /> : undefined}
          >
            {words}
          </Badge>
        </span>
        <span className={styles.name}>{name}</span>
        <div className={styles.found}>{children}</div>
        {aside === undefined ? null : <span className={styles.aside}>{aside}</span>}
      </div>
      {problem === null ? null : (
        <div className={styles.problem}>
          <ProblemCard problem={problem} />
        </div>
      )}
    </li>
  );
}

export function Verdicts({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  );
}
