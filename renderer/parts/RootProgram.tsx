import { ForeignText } from '../kit/ForeignText.tsx';
import { useMirror } from '../store/hooks.ts';
import { useWords } from '../words/words.ts';
import styles from './RootProgram.module.css';

/** Which program the system's prompt for a password starts as root, before it asks; nothing where none is to be started. */
export function RootProgram() {
  const say = useWords();
  const helper = useMirror(({ snapshot }) => snapshot?.helper ?? null);
  return helper?.state === 'absent' ? (
    <span className={styles.program}>
      <span>{say('home.rootProgram')}</span>
      <ForeignText text={helper.program} kind="code" bound={4096} />
      {helper.isClone ? <span>{say('home.rootProgramOfClone')}</span> : null}
    </span>
  ) : null;
}
