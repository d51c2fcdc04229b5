import { fileBound } from '../words/clean-text.ts';
import { useWords } from '../words/words.ts';
import styles from './CodeBlock.module.css';
import { CopyButton } from './CopyButton.tsx';
import { ForeignText } from './ForeignText.tsx';

/** A command or a file to copy. What is copied is the text as it is; what is shown is cleaned. */
export function CodeBlock({
  text,
  label,
  kind = 'command',
}: {
  readonly text: string;
  readonly label: string;
  readonly kind?: 'command' | 'file';
}) {
  const say = useWords();
  return (
    <figure className={styles.block} aria-label={label}>
      {/* Long files scroll: the keyboard must get at them. */}
      <pre className={styles[kind]} tabIndex={kind === 'file' ? 0 : undefined}>
        {kind === 'command' ? (
          <span className={styles.prompt} aria-hidden="true">
            $
          </span>
        ) : null}
        <code>
          <ForeignText text={text} kind="lines" bound={fileBound} />
        </code>
      </pre>
      <span className={styles.copy}>
        <CopyButton text={text} name={kind === 'command' ? say('kit.command') : say('kit.text')} />
      </span>
    </figure>
  );
}
