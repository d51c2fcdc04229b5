import { Check } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { problemWords } from '../../words/problem-words.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './Settings.module.css';
import type { Saving } from './use-change.ts';

export interface RowLinks {
  readonly id: string;
  readonly label: string;
  /** Ids of what says more about the control. */
  readonly describedBy: string | undefined;
}

/** One setting: what it is, what it does, its control, and whether it was saved. */
export function SettingRow({
  label,
  hint,
  saving = { kind: 'idle' },
  complaint = null,
  isWide = false,
  children,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly saving?: Saving;
  /** What is wrong with what is typed, in words. */
  readonly complaint?: string | null;
  /** The control takes a line of its own. */
  readonly isWide?: boolean;
  readonly children: (links: RowLinks) => ReactNode;
}) {
  const say = useWords();
  const id = useId();
  const isWrong = complaint !== null || saving.kind === 'refused';
  const described = [hint === undefined ? '' : `${id}-hint`, isWrong ? `${id}-wrong` : ''].filter(Boolean).join(' ');
  return (
    <div className={styles.row} data-wide={isWide}>
      <div className={styles.words}>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {hint === undefined ? null : (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
      <span className={styles.saved} role="status">
        {saving.kind === 'saved' ? (
          <>
            <Check className={styles.check} aria-hidden="true" />
            {say('settings.saved')}
          </>
        ) : null}
      </span>
      <div className={styles.control}>
        {children({ id, label, describedBy: described === '' ? undefined : described })}
      </div>
      {isWrong ? (
        <div id={`${id}-wrong`} className={styles.wrong} role="alert">
          {complaint ?? (saving.kind === 'refused' ? <Refusal problem={saving.problem} /> : null)}
        </div>
      ) : null}
    </div>
  );
}

function Refusal({ problem }: { readonly problem: Extract<Saving, { kind: 'refused' }>['problem'] }) {
  const { title, cause } = problemWords(useIntl(), problem);
  // "The command line is not valid" is not what a field wants to hear: its cause is.
  return (
    <ForeignText text={problem.code === 'usage' || cause === '' ? cause || title : `${title}: ${cause}`} kind="lines" />
  );
}
