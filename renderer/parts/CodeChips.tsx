import { ForeignText } from '../kit/ForeignText.tsx';
import styles from './CodeChips.module.css';

/** Names and addresses beside each other, each in its own frame; `none` where there is none. */
export function CodeChips({ values, none }: { readonly values: readonly string[]; readonly none: string }) {
  if (values.length === 0) {
    return <span className={styles.none}>{none}</span>;
  }
  return (
    <ul className={styles.chips}>
      {values.map((value) => (
        <li key={value} className={styles.chip}>
          <ForeignText text={value} kind="code" />
        </li>
      ))}
    </ul>
  );
}
