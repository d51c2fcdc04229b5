import { FooterHints } from '../../shell/FooterHints.tsx';
import { useWords } from '../../words/words.ts';
import styles from './ServicesTab.module.css';

/** How many are shown, and the keys of the list. */
export function ServicesFooter({
  shown,
  all,
  isReady,
}: {
  readonly shown: number;
  readonly all: number;
  readonly isReady: boolean;
}) {
  const say = useWords();
  return (
    <footer className={styles.footer}>
      <span className={styles.count} role="status">
        {!isReady
          ? ''
          : shown === all
            ? say('services.count', { count: all })
            : say('services.countOf', { shown, count: all })}
      </span>
      <FooterHints
        hints={[
          { keys: ['ArrowUp', 'ArrowDown'], words: say('shell.keyMove') },
          { keys: ['Enter'], words: say('shell.keyOpen') },
          { keys: ['C'], words: say('services.keyCopy') },
          { keys: ['T'], words: say('services.keyTest') },
          { keys: ['P'], words: say('services.keyPin') },
        ]}
      />
    </footer>
  );
}
