import { ChevronDown, ChevronRight, CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ActivityEntry } from '../../../app/contract/index.ts';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { classes } from '../../kit/classes.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useShortName } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './Activity.module.css';
import { entriesText, entryWords } from './entry-words.ts';

const icons = { info: Info, warning: TriangleAlert, error: CircleAlert } as const;
const severityWords = { info: 'kit.severityInfo', warning: 'kit.severityWarning', error: 'kit.severityError' } as const;

/** One thing that happened; open, it shows its problem with what to do. */
export function EntryRow({
  entry,
  id,
  index,
  isActive,
  isOpen,
  onToggle,
}: {
  readonly entry: ActivityEntry;
  readonly id: string;
  readonly index: number;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const say = useWords();
  const intl = useIntl();
  const format = useFormat();
  const shortName = useShortName();
  const { title, detail } = entryWords(intl, entry);
  const Icon = icons[entry.severity];
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see ActivityList
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active row
    <div role="row" id={id} aria-rowindex={index} className={styles.entry} data-active={isActive}>
      <div className={styles.line}>
        {/* biome-ignore lint/a11y/useSemanticElements: see ActivityList */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: see above */}
        <div role="gridcell" className={styles.time}>
          <time dateTime={new Date(entry.at).toISOString()}>{format.clock(entry.at)}</time>
        </div>
        <Icon className={classes(styles.icon, styles[entry.severity])} aria-hidden="true" />
        {/* biome-ignore lint/a11y/useSemanticElements: see ActivityList */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: see above */}
        <div role="gridcell" className={styles.words}>
          <VisuallyHidden>{say(severityWords[entry.severity])}: </VisuallyHidden>
          <span className={styles.title}>{title}</span>
          {entry.context === '' ? null : (
            <ForeignText text={shortName(entry.context)} title={entry.context} className={styles.context} bound={80} />
          )}
          {detail === '' ? null : <ForeignText text={detail} className={styles.detail} />}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: see ActivityList */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: see above */}
        <div role="gridcell" className={styles.ends}>
          <span className={styles.copy}>
            <CopyButton text={entriesText(intl, [entry])} name={title} kind="ghost" />
          </span>
          {entry.problem === null ? (
            <span className={styles.expand} />
          ) : (
            <button
              type="button"
              className={styles.expand}
              aria-expanded={isOpen}
              aria-label={say('activity.whatToDo')}
              onClick={onToggle}
            >
              <Chevron className={styles.chevron} aria-hidden="true" />
            </button>
          )}
        </div>
      </div>
      {isOpen && entry.problem !== null ? (
        // biome-ignore lint/a11y/useSemanticElements: see ActivityList
        // biome-ignore lint/a11y/useFocusableInteractive: see above
        <div role="gridcell" className={styles.problem}>
          <ProblemCard problem={entry.problem} />
        </div>
      ) : null}
    </div>
  );
}
