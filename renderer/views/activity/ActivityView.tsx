import { History, SearchX } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { FooterHints } from '../../shell/FooterHints.tsx';
import { Page } from '../../shell/Page.tsx';
import { useActivity } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useIntl, useWords } from '../../words/words.ts';
import { ActivityBar } from './ActivityBar.tsx';
import { ActivityList } from './ActivityList.tsx';
import { type ActivityFilter, filtered } from './entry-words.ts';

const all: ActivityFilter = { text: '', severity: 'all', context: '' };

/** What happened, newest first. */
export function ActivityView() {
  const say = useWords();
  const intl = useIntl();
  const format = useFormat();
  const { entries, isPresent } = useActivity();
  const [filter, setFilter] = useState(all);
  const shown = useMemo(() => filtered(intl, entries, filter), [intl, entries, filter]);
  const contexts = useMemo(
    () => [...new Set(entries.map(({ context }) => context))].filter((name) => name !== '').sort(),
    [entries],
  );
  return (
    <Page
      layout="full"
      title={say('shell.activity')}
      subtitle={say('activity.subtitle')}
      footer={
        <>
          <span>
            {isPresent || entries.length > 0
              ? say('activity.count', { shown: format.number(shown.length), count: entries.length })
              : ''}
          </span>
          <FooterHints
            hints={[
              { keys: ['ArrowUp', 'ArrowDown'], words: say('shell.keyMove') },
              { keys: ['Enter'], words: say('activity.keyExpand') },
              { keys: ['C'], words: say('activity.keyCopy') },
            ]}
          />
        </>
      }
    >
      <ActivityBar filter={filter} onFilter={setFilter} contexts={contexts} shown={shown} />
      {shown.length > 0 ? (
        <ActivityList entries={shown} />
      ) : !isPresent && entries.length === 0 ? (
        <SkeletonRows count={8} label={say('kit.loading')} />
      ) : entries.length === 0 ? (
        <EmptyState icon={History} title={say('activity.empty')}>
          {say('activity.emptyHint')}
        </EmptyState>
      ) : (
        <EmptyState
          icon={SearchX}
          title={say('activity.nothingFits')}
          actions={<Button onClick={() => setFilter(all)}>{say('activity.showAll')}</Button>}
        />
      )}
    </Page>
  );
}
