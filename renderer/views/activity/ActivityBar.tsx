import { Copy } from 'lucide-react';
import type { ActivityEntry } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { useCopy } from '../../kit/copying.ts';
import { Select } from '../../kit/Select.tsx';
import { SearchInput } from '../../kit/TextInput.tsx';
import { useApp, useShortName } from '../../store/hooks.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './Activity.module.css';
import { type ActivityFilter, entriesText } from './entry-words.ts';

/** Select takes no empty value. */
const every = '*';

/** Finds in the list, and copies what is found. */
export function ActivityBar({
  filter,
  onFilter,
  contexts,
  shown,
}: {
  readonly filter: ActivityFilter;
  readonly onFilter: (filter: ActivityFilter) => void;
  readonly contexts: readonly string[];
  readonly shown: readonly ActivityEntry[];
}) {
  const say = useWords();
  const intl = useIntl();
  const copy = useCopy();
  const shortName = useShortName();
  const { toasts } = useApp();
  return (
    <div className={styles.bar}>
      <div className={styles.find}>
        <SearchInput
          value={filter.text}
          onChange={(text) => onFilter({ ...filter, text })}
          label={say('activity.find')}
          keys="/"
          isPrimary
        />
      </div>
      <Select
        label={say('activity.severity')}
        value={filter.severity}
        choices={[
          { value: 'all', words: say('activity.severityAll') },
          { value: 'warning', words: say('activity.severityWarning') },
          { value: 'error', words: say('activity.severityError') },
        ]}
        onChange={(severity) => onFilter({ ...filter, severity })}
      />
      {contexts.length === 0 ? null : (
        <Select
          label={say('activity.context')}
          value={filter.context === '' ? every : `=${filter.context}`}
          choices={[
            { value: every, words: say('activity.contextAll') },
            ...contexts.map((name) => ({ value: `=${name}`, words: cleanText(shortName(name), 60) })),
          ]}
          onChange={(value) => onFilter({ ...filter, context: value === every ? '' : value.slice(1) })}
        />
      )}
      <Button
        icon={Copy}
        data-copy-activity=""
        onClick={async () => {
          const isCopied = await copy(entriesText(intl, shown));
          const text = isCopied ? say('activity.copied', { count: shown.length }) : say('kit.copyFailed');
          toasts.getState().show({ tone: isCopied ? 'fine' : 'bad', text });
        }}
      >
        {say('activity.copyAll')}
      </Button>
    </div>
  );
}
