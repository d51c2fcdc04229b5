import { Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../../kit/Button.tsx';
import { TableCell, TableRow } from '../../kit/Table.tsx';
import { useApp } from '../../store/hooks.ts';
import { type ListName, listFields } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import type { RowPlace } from './ListTable.tsx';
import type { ListColumn } from './list-columns.ts';
import type { ListEntry } from './list-entries.ts';
import styles from './ServicesTable.module.css';

/** A row of a list: a click opens its panel, the button at its end copies its address. */
export function ListRow<Column extends ListColumn>({
  list,
  entry,
  columns,
  place: { id, index, start, isActive, isChosen },
  cell,
  onCopy,
}: {
  readonly list: ListName;
  readonly entry: ListEntry;
  readonly columns: readonly Column[];
  readonly place: RowPlace;
  readonly cell: (column: Column) => ReactNode;
  /** Absent: it has no address. */
  readonly onCopy: (() => void) | undefined;
}) {
  const say = useWords();
  const { window: store } = useApp();
  const { namespace, name } = entry.at;
  return (
    <TableRow
      id={id}
      index={index}
      isActive={isActive}
      isChosen={isChosen}
      className={styles.row}
      style={{ transform: `translateY(${start}px)` }}
      onClick={(event) => {
        // The list has the keys, not the row: it may be drawn anew.
        event.currentTarget.closest<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true });
        const { cursor, open } = listFields[list];
        store.setState({ [cursor]: { namespace, name }, [open]: { namespace, name } });
      }}
    >
      {columns.map((column) => (
        <TableCell key={column.name} kind={column.kind}>
          {cell(column)}
        </TableCell>
      ))}
      <TableCell kind="end">
        {onCopy === undefined ? null : (
          <Button
            size="small"
            icon={Copy}
            // The key C does the same for the row: a stop of Tab in each row would be in the way.
            tabIndex={-1}
            className={styles.copy}
            onClick={(event) => {
              event.stopPropagation();
              onCopy();
            }}
          >
            {say('kit.copy')}
          </Button>
        )}
      </TableCell>
    </TableRow>
  );
}
