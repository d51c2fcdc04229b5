import { FooterHints } from '../../shell/FooterHints.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ServicesTab.module.css';

/** How many are shown, and the keys of the list. */
export function ListFooter({
  shown,
  all,
  isReady,
  count,
  countOf,
  keys,
}: {
  readonly shown: number;
  readonly all: number;
  readonly isReady: boolean;
  readonly count: WordId;
  readonly countOf: WordId;
  /** Those of this list, beside the ones that move and open. */
  readonly keys: readonly { readonly keys: readonly string[]; readonly words: string }[];
}) {
  const say = useWords();
  return (
    <footer className={styles.footer}>
      <span className={styles.count} role="status">
        {!isReady ? '' : shown === all ? say(count, { count: all }) : say(countOf, { shown, count: all })}
      </span>
      <FooterHints
        hints={[
          { keys: ['ArrowUp', 'ArrowDown'], words: say('shell.keyMove') },
          { keys: ['Enter'], words: say('shell.keyOpen') },
          ...keys,
        ]}
      />
    </footer>
  );
}
