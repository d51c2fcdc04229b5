import { FlexRender, type Row } from '@tanstack/react-table';
import { Copy } from 'lucide-react';
import { memo } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { copyAddress } from '../../actions/copy-service.ts';
import { chosenPort } from '../../actions/shown-service.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { TableCell, TableRow } from '../../kit/Table.tsx';
import { useWords } from '../../words/words.ts';
import { type ColumnName, cellKinds, type features } from './columns.tsx';
import styles from './ServicesTable.module.css';
import type { Entry } from './service-entries.ts';

export const rowId = (key: string): string => `service ${key}`.replaceAll(/\s/g, '-');

interface ServiceRowProps {
  readonly row: Row<typeof features, Entry>;
  /** What the cells are made by: they are drawn anew when it changes. */
  readonly columns: unknown;
  readonly context: ContextKey;
  readonly index: number;
  readonly start: number;
  readonly isActive: boolean;
  readonly isChosen: boolean;
}

/** Rows of the table are made anew at every scroll: what counts is the Service, which keeps its identity. */
const isSameRow = (old: ServiceRowProps, next: ServiceRowProps): boolean =>
  old.row.original === next.row.original &&
  old.columns === next.columns &&
  old.context === next.context &&
  old.index === next.index &&
  old.start === next.start &&
  old.isActive === next.isActive &&
  old.isChosen === next.isChosen;

export const ServiceRow = memo(function ServiceRow({
  row,
  context,
  index,
  start,
  isActive,
  isChosen,
}: ServiceRowProps) {
  const say = useWords();
  const actions = useActionContext();
  const { service, key } = row.original;
  const { namespace, name } = service;
  return (
    <TableRow
      id={rowId(key)}
      index={index}
      isActive={isActive}
      isChosen={isChosen}
      className={styles.row}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => actions.app.window.setState({ cursor: { namespace, name }, service: { namespace, name } })}
    >
      {row.getAllCells().map((cell) => (
        <TableCell key={cell.id} kind={cellKinds[cell.column.id as ColumnName]}>
          <FlexRender cell={cell} />
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
}, isSameRow);
