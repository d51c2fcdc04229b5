import { type ContextChange, sidesOf } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords } from '../../words/words.ts';
import styles from './ContextParts.module.css';
import { partName, partValue } from './part-words.ts';

/** What was confirmed and what the kubeconfig says now, side by side; secrets are on neither side. */
export function ContextChanges({ changes }: { readonly changes: readonly ContextChange[] }) {
  const say = useWords();
  return (
    <table className={styles.changes}>
      <caption className={styles.caption}>{say('home.changesTitle')}</caption>
      <thead>
        <tr>
          <th scope="col">{say('home.changePart')}</th>
          <th scope="col">{say('home.changeBefore')}</th>
          <th scope="col">{say('home.changeNow')}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => {
          const { part, name } = change.now ?? change.before ?? { part: 'server' as const, name: '' };
          const { before, now } = sidesOf(change);
          return (
            <tr key={`${part} ${name}`}>
              <th scope="row">
                <ForeignText text={partName(say, { part, name })} kind="lines" />
              </th>
              <td className={styles.before}>
                <ForeignText text={partValue(say, part, before)} kind="lines" />
              </td>
              <td className={styles.now}>
                <ForeignText text={partValue(say, part, now)} kind="lines" />
                {before === now ? <Badge tone="careful">{say('home.changeHidden')}</Badge> : null}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
