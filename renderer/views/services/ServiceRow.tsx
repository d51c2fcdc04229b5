import { Copy } from 'lucide-react';
import { memo } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { copyAddress } from '../../actions/copy-service.ts';
import { chosenPort } from '../../actions/shown-service.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { TableCell, TableRow } from '../../kit/Table.tsx';
import { useWords } from '../../words/words.ts';
import { type CellContext, type Column, cellOf } from './columns.tsx';
import styles from './ServicesTable.module.css';
import type { Entry } from './service-entries.ts';

export const rowId = (key: string): string => `service ${key}`.replaceAll(/\s/g, '-');

interface ServiceRowProps {
  readonly entry: Entry;
  readonly columns: readonly Column[];
  readonly cells: CellContext;
  readonly context: ContextKey;
  readonly index: number;
  readonly start: number;
  readonly isActive: boolean;
  readonly isChosen: boolean;
}

export const ServiceRow = memo(function ServiceRow({
  entry,
  columns,
  cells,
  context,
  index,
  start,
  isActive,
  isChosen,
}: ServiceRowProps) {
  const say = useWords();
  const actions = useActionContext();
  const { service, key } = entry;
  const { namespace, name } = service;
  return (
    <TableRow
      id={rowId(key)}
      index={index}
      isActive={isActive}
      isChosen={isChosen}
      className={styles.row}
      style={{ transform: `translateY(${start}px)` }}
      onClick={(event) => {
        // The list has the keys, not the row: it may be drawn anew.
        event.currentTarget.closest<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true });
        actions.app.window.setState({ cursor: { namespace, name }, service: { namespace, name } });
      }}
    >
      {columns.map((column) => (
        <TableCell key={column.name} kind={column.kind}>
          {cellOf(column, entry, cells)}
        </TableCell>
      ))}
      <TableCell kind="end">
        <Button
          size="small"
          icon={Copy}
          // The key C does the same for the row: a stop of Tab in each row would be in the way.
          tabIndex={-1}
          className={styles.copy}
          onClick={(event) => {
            event.stopPropagation();
            const port = chosenPort(service, actions.app.window.getState().port);
            void copyAddress(actions, { context, service, port });
          }}
        >
          {say('kit.copy')}
        </Button>
      </TableCell>
    </TableRow>
  );
});
