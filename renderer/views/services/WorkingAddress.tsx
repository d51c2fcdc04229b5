import { type RangePair, toldBy } from '../../../app/contract/index.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords } from '../../words/words.ts';
import styles from './ServicesTable.module.css';

/** An address of the cluster as programs on this computer reach it, and the cluster's own below where that is another one. */
export function WorkingAddress({
  real,
  pairs,
  words = [],
}: {
  readonly real: string;
  readonly pairs: readonly RangePair[];
  /** What is searched for. */
  readonly words?: readonly string[];
}) {
  const say = useWords();
  const told = toldBy(pairs, real);
  if (told === real) {
    return <ForeignText text={real} kind="code" marked={words} />;
  }
  return (
    <span className={styles.both}>
      <ForeignText text={told} kind="code" marked={words} />
      <span className={styles.real}>{say('services.realAddress', { address: real })}</span>
    </span>
  );
}
