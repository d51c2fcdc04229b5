import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords } from '../../words/words.ts';
import { Section } from './Section.tsx';
import styles from './ServicePanel.module.css';

/** Labels drawn at most: a cluster may set hundreds. */
const most = 40;

export function LabelList({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const say = useWords();
  const all = Object.entries(labels);
  return all.length === 0 ? null : (
    <Section title={say('services.labels')} detail={<span>{all.length}</span>}>
      <ul className={styles.labels}>
        {all.slice(0, most).map(([name, value]) => (
          <li key={name} className={styles.label}>
            <ForeignText text={value === '' ? name : `${name}=${value}`} bound={120} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
