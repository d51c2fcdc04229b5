import { CopyButton } from '../../kit/CopyButton.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ServicePanel.module.css';

interface Form {
  readonly form: string;
  readonly words: WordId;
  readonly text: string;
  readonly real?: string;
}

/** Every form of an address with its own button; the one that C copies comes first. */
export function AddressList({
  forms,
  first,
  none,
  onCopied,
}: {
  readonly forms: readonly Form[];
  /** The form that C copies. */
  readonly first: string | null;
  /** What is said where there is none. */
  readonly none: WordId;
  readonly onCopied: (form: string) => void;
}) {
  const say = useWords();
  if (forms.length === 0) {
    return <p className={styles.hint}>{say(none)}</p>;
  }
  const ordered = [...forms.filter(({ form }) => form === first), ...forms.filter(({ form }) => form !== first)];
  return (
    <ul className={styles.list}>
      {ordered.map(({ form, words, text, real }) => (
        <li key={form} className={styles.address}>
          <span className={styles.form}>
            {form === first ? say('services.formLastUsed', { form: say(words) }) : say(words)}
          </span>
          <span className={styles.addressText}>
            <ForeignText text={text} kind="lines" className={styles.whole} />
            {real === undefined ? null : (
              <span className={styles.real}>{say('services.realAddress', { address: real })}</span>
            )}
          </span>
          <span className={styles.addressCopy}>
            <CopyButton text={text} name={say(words)} onCopied={() => onCopied(form)} />
          </span>
        </li>
      ))}
    </ul>
  );
}
