import { type CSSProperties, type ReactNode, useMemo, useRef } from 'react';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Table } from '../../kit/Table.tsx';
import { useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { type ListName, listFields } from '../../store/window.ts';
import { useFormat } from '../../words/format.ts';
import type { ListColumn } from './list-columns.ts';
import type { ListEntry, ListItem } from './list-entries.ts';
import styles from './ServicesTable.module.css';
import { useRowKeys } from './use-row-keys.ts';
import { useRowsInSight } from './use-rows-in-sight.ts';
import { useWidth } from './use-width.ts';

/** What the list tells a row of its place. */
export interface RowPlace {
  readonly id: string;
  readonly index: number;
  readonly start: number;
  readonly isActive: boolean;
  readonly isChosen: boolean;
}

const rowId = (list: ListName, key: string): string =>
  `${list === 'services' ? 'service' : 'pod'} ${key}`.replaceAll(/\s/g, '-');

/** A list of Services or of pods: only the rows in sight are drawn. The keys are in use-row-keys.ts. */
export function ListTable<Entry extends ListEntry, Column extends ListColumn>({
  list,
  label,
  description,
  items,
  columnsOf,
  head,
  row,
}: {
  readonly list: ListName;
  readonly label: string;
  readonly description: string;
  readonly items: readonly ListItem<Entry>[];
  readonly columnsOf: (width: number) => readonly Column[];
  readonly head: (columns: readonly Column[]) => ReactNode;
  readonly row: (entry: Entry, columns: readonly Column[], place: RowPlace) => ReactNode;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 900);
  const fields = listFields[list];
  const cursor = useWindow(({ [fields.cursor]: at }) => (at === null ? '' : serviceKey(at)));
  const open = useWindow(({ [fields.open]: at }) => (at === null ? '' : serviceKey(at)));
  const shown = columnsOf(width);
  const shape = shown.map(({ name }) => name).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same columns stay the same list, at every width that shows them
  const columns = useMemo(() => shown, [shape]);
  const virtual = useRowsInSight(items, scroll);
  const drawn = virtual.getVirtualItems();
  const isCursorDrawn = drawn.some(({ index }) => {
    const item = items[index];
    return item?.kind === 'entry' && item.entry.key === cursor;
  });
  const keys = useRowKeys(list, items, (index) => virtual.scrollToIndex(index));
  const style = { '--columns': `${columns.map((column) => column.width).join(' ')} var(--size-column-small)` };
  return (
    <div ref={frame} className={styles.frame}>
      <Table
        label={label}
        rowCount={items.length + 1}
        columnCount={columns.length + 1}
        className={styles.grid}
        style={style as CSSProperties}
        tabIndex={0}
        data-list-grid=""
        aria-activedescendant={isCursorDrawn ? rowId(list, cursor) : undefined}
        {...keys}
        aria-description={description}
      >
        <div className={styles.head} role="presentation">
          {head(columns)}
        </div>
        <div ref={scroll} className={styles.scroll} role="presentation">
          <div className={styles.space} style={{ height: virtual.getTotalSize() }} role="presentation">
            {drawn.map(({ index, start, key }) => {
              const item = items[index];
              if (item?.kind === 'group') {
                return <GroupRow key={key} item={item} index={index} start={start} />;
              }
              return item === undefined
                ? null
                : row(item.entry, columns, {
                    id: rowId(list, item.entry.key),
                    index: index + 2,
                    start,
                    isActive: item.entry.key === cursor,
                    isChosen: item.entry.key === open,
                  });
            })}
          </div>
        </div>
      </Table>
    </div>
  );
}

function GroupRow({
  item,
  index,
  start,
}: {
  readonly item: Extract<ListItem<ListEntry>, { kind: 'group' }>;
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
