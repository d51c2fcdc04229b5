import { KeyHint } from '../kit/KeyHint.tsx';
import styles from './FooterHints.module.css';

/** The keys that work here, for the footer of a page. Each hint: combinations, and what they do. */
export function FooterHints({
  hints,
}: {
  readonly hints: readonly { readonly keys: readonly string[]; readonly words: string }[];
}) {
  return (
    <ul className={styles.hints}>
      {hints.map(({ keys, words }) => (
        <li key={keys.join(' ')} className={styles.hint}>
          {keys.map((key) => (
            <KeyHint key={key} keys={key} />
          ))}
          {words}
        </li>
      ))}
    </ul>
  );
}
