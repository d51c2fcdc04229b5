import { memo, useMemo } from 'react';
import type { ContextKey, RangePair } from '../../../app/contract/index.ts';
import { useNow } from '../../parts/use-now.ts';
import { useApp, useWindow } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { type Column, columnsOf, type Search } from './columns.tsx';
import { ListHead } from './ListHead.tsx';
import { ListTable } from './ListTable.tsx';
import { type ListItem, sortAfter } from './list-entries.ts';
import { ServiceRow } from './ServiceRow.tsx';
import type { Entry } from './service-entries.ts';

/** The list of Services. */
export const ServicesTable = memo(function ServicesTable({
  context,
  items,
  search,
  pinned,
  pairs,
  count,
}: {
  readonly context: ContextKey;
  readonly items: readonly ListItem<Entry>[];
  readonly search: Search;
  readonly pinned: ReadonlySet<string>;
  readonly pairs: readonly RangePair[];
  readonly count: number;
}) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const { window: store } = useApp();
  const { sort, isGrouped } = useWindow((state) => state.filter);
  const cells = useMemo(() => ({ say, format, pinned, now, search, pairs }), [say, format, pinned, now, search, pairs]);
  return (
    <ListTable<Entry, Column>
      list="services"
      label={say('services.tableLabel')}
      description={say('services.count', { count })}
      items={items}
      columnsOf={(width) => columnsOf(width, isGrouped)}
      head={(columns) => (
        <ListHead
          columns={columns}
          sort={sort}
          onSort={({ name }) =>
            name === 'ports'
              ? undefined
              : () => store.setState(({ filter }) => ({ filter: { ...filter, sort: sortAfter(filter.sort, name) } }))
          }
        />
      )}
      row={(entry, columns, place) => (
        <ServiceRow key={entry.key} entry={entry} columns={columns} cells={cells} context={context} {...place} />
      )}
    />
  );
});
