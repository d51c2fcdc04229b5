import { type CSSProperties, memo, useMemo, useRef } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Table } from '../../kit/Table.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { type CellContext, columnsOf, type Search } from './columns.tsx';
import { rowId, ServiceRow } from './ServiceRow.tsx';
import { ServicesHead } from './ServicesHead.tsx';
import styles from './ServicesTable.module.css';
import type { ListItem } from './service-entries.ts';
import { useRowKeys } from './use-row-keys.ts';
import { useRowsInSight } from './use-rows-in-sight.ts';
import { useWidth } from './use-width.ts';

/** The list: only the rows in sight are drawn. The keys are in use-row-keys.ts. */
export const ServicesTable = memo(function ServicesTable({
  context,
  items,
  search,
  pinned,
  count,
}: {
  readonly context: ContextKey;
  readonly items: readonly ListItem[];
  readonly search: Search;
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
  const cursor = useWindow((state) => (state.cursor === null ? '' : serviceKey(state.cursor)));
  const open = useWindow((state) => (state.service === null ? '' : serviceKey(state.service)));
  const shown = columnsOf(width, isGrouped);
  const shape = shown.map(({ name }) => name).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same columns stay the same list, at every width that shows them
  const columns = useMemo(() => shown, [shape]);
  const cells = useMemo(
    (): CellContext => ({ say, format, pinned, now, search, shown: columns }),
    [say, format, pinned, now, search, columns],
  );
  const virtual = useRowsInSight(items, scroll);
  const drawn = virtual.getVirtualItems();
  const isCursorDrawn = drawn.some(({ index }) => {
    const item = items[index];
    return item?.kind === 'entry' && item.entry.key === cursor;
  });
  const keys = useRowKeys(items, (index) => virtual.scrollToIndex(index));
  const style = { '--columns': `${columns.map((column) => column.width).join(' ')} var(--size-column-small)` };
  return (
    <div ref={frame} className={styles.frame}>
      <Table
        label={say('services.tableLabel')}
        rowCount={items.length + 1}
        columnCount={columns.length + 1}
        className={styles.grid}
        style={style as CSSProperties}
        tabIndex={0}
        data-services-grid=""
        aria-activedescendant={isCursorDrawn ? rowId(cursor) : undefined}
        {...keys}
        aria-description={say('services.count', { count })}
      >
        <div className={styles.head} role="presentation">
          <ServicesHead columns={columns} />
        </div>
        <div ref={scroll} className={styles.scroll} role="presentation">
          <div className={styles.space} style={{ height: virtual.getTotalSize() }} role="presentation">
            {drawn.map(({ index, start, key }) => {
              const item = items[index];
              if (item?.kind === 'group') {
                return <GroupRow key={key} item={item} index={index} start={start} />;
              }
              return item === undefined ? null : (
                <ServiceRow
                  key={item.entry.key}
                  entry={item.entry}
                  columns={columns}
                  cells={cells}
                  context={context}
                  index={index + 2}
                  start={start}
                  isActive={item.entry.key === cursor}
                  isChosen={item.entry.key === open}
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
