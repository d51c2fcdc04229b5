import { type CSSProperties, memo, useMemo, useRef } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { HeaderCell, Table, TableHead } from '../../kit/Table.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { type ColumnName, columnNames, makeColumns, wordsOfColumn } from './columns.tsx';
import { rowId, ServiceRow } from './ServiceRow.tsx';
import styles from './ServicesTable.module.css';
import type { ListItem } from './service-entries.ts';
import { useRowKeys } from './use-row-keys.ts';
import { useRowsInSight } from './use-rows-in-sight.ts';
import { useServiceTable } from './use-service-table.ts';
import { useWidth } from './use-width.ts';

const widths: Readonly<Record<string, string>> = {
  name: 'minmax(0, 1.5fr)',
  namespace: 'minmax(0, 1fr)',
  type: 'minmax(0, 0.9fr)',
  address: 'minmax(0, 1.1fr)',
  ports: 'minmax(0, 1.4fr)',
  ready: 'minmax(0, 0.8fr)',
  age: 'minmax(0, 0.7fr)',
};

/** The list: only the rows in sight are drawn. The keys are in use-row-keys.ts. */
export const ServicesTable = memo(function ServicesTable({
  context,
  items,
  pinned,
  count,
}: {
  readonly context: ContextKey;
  readonly items: readonly ListItem[];
  readonly pinned: ReadonlySet<string>;
  readonly count: number;
}) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const frame = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 900);
  const isGrouped = useWindow((state) => state.filter.isGrouped);
  const sort = useWindow((state) => state.filter.sort);
  const cursor = useWindow((state) => (state.cursor === null ? '' : serviceKey(state.cursor)));
  const open = useWindow((state) => (state.service === null ? '' : serviceKey(state.service)));
  const shape = columnNames(width, isGrouped).join(' ');
  const names = useMemo(() => shape.split(' ') as ColumnName[], [shape]);
  const columns = useMemo(() => makeColumns(names, { say, format, pinned, now }), [names, say, format, pinned, now]);
  const virtual = useRowsInSight(items, scroll);
  const drawn = virtual.getVirtualItems();
  const entries = drawn.flatMap(({ index }) => {
    const item = items[index];
    return item?.kind === 'entry' ? [item.entry] : [];
  });
  const table = useServiceTable(columns, entries, sort);
  const rows = new Map(table.getRowModel().rows.map((row) => [row.id, row]));
  const keys = useRowKeys(items, (index) => virtual.scrollToIndex(index));
  const style = { '--columns': `${names.map((name) => widths[name]).join(' ')} var(--size-column-small)` };
  return (
    <div ref={frame} className={styles.frame}>
      <Table
        label={say('services.tableLabel')}
        rowCount={items.length + 1}
        columnCount={names.length + 1}
        className={styles.grid}
        style={style as CSSProperties}
        tabIndex={0}
        data-services-grid=""
        aria-activedescendant={cursor !== '' && rows.has(cursor) ? rowId(cursor) : undefined}
        {...keys}
        aria-description={say('services.count', { count })}
      >
        <div className={styles.head} role="presentation">
          <TableHead>
            {table.getHeaderGroups()[0]?.headers.map(({ id, column }) => (
              <HeaderCell
                key={id}
                sorted={id !== sort.column ? 'none' : sort.isDescending ? 'descending' : 'ascending'}
                onSort={column.getCanSort() ? () => column.toggleSorting() : undefined}
              >
                {say(wordsOfColumn(id))}
              </HeaderCell>
            ))}
            <HeaderCell>
              <VisuallyHidden>{say('kit.copy')}</VisuallyHidden>
            </HeaderCell>
          </TableHead>
        </div>
        <div ref={scroll} className={styles.scroll} role="presentation">
          <div className={styles.space} style={{ height: virtual.getTotalSize() }} role="presentation">
            {drawn.map(({ index, start, key }) => {
              const item = items[index];
              if (item?.kind === 'group') {
                return <GroupRow key={key} item={item} index={index} start={start} />;
              }
              const row = item === undefined ? undefined : rows.get(item.entry.key);
              return row === undefined ? null : (
                <ServiceRow
                  key={row.id}
                  row={row}
                  columns={columns}
                  context={context}
                  index={index + 2}
                  start={start}
                  isActive={row.id === cursor}
                  isChosen={row.id === open}
                />
              );
            })}
          </div>
        </div>
      </Table>
    </div>
  );
});

function GroupRow({
  item,
  index,
  start,
}: {
  readonly item: Extract<ListItem, { kind: 'group' }>;
  readonly index: number;
  readonly start: number;
}) {
  const format = useFormat();
  return (
    // biome-ignore lint/a11y/useSemanticElements: see kit/Table.tsx
    // biome-ignore lint/a11y/useFocusableInteractive: a heading; the keys pass it
    <div role="row" aria-rowindex={index + 2} className={styles.group} style={{ transform: `translateY(${start}px)` }}>
      {/* biome-ignore lint/a11y/useSemanticElements: see kit/Table.tsx */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: see above */}
      <span role="gridcell">
        <ForeignText text={item.namespace} /> <span className={styles.groupCount}>{format.number(item.count)}</span>
      </span>
    </div>
  );
}
