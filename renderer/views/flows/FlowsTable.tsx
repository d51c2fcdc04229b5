import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, useRef } from 'react';
import type { Flow } from '../../../app/contract/index.ts';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { HeaderCell, Table, TableCell, TableHead, TableRow } from '../../kit/Table.tsx';
import { tokenValue } from '../../kit/theme.ts';
import { useNow } from '../../parts/use-now.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { columnsFor, type ListColumn } from '../services/list-columns.ts';
import list from '../services/ServicesTable.module.css';
import { useWidth } from '../services/use-width.ts';
import { FlowCell } from './FlowCell.tsx';
import { type FlowColumn, type FlowFilter, sortAfter } from './flow-entries.ts';

export interface Column extends ListColumn {
  readonly name: FlowColumn;
}

const order: readonly Column[] = [
  { name: 'program', words: 'flows.columnProgram', from: 0, width: 'minmax(0, 1.3fr)', kind: 'strong' },
  { name: 'destination', words: 'flows.columnDestination', from: 0, width: 'minmax(0, 2fr)', kind: 'plain' },
  { name: 'state', words: 'flows.columnState', from: 0, width: 'minmax(0, 1.3fr)', kind: 'plain' },
  { name: 'down', words: 'flows.columnDown', from: 520, width: 'minmax(0, 0.7fr)', kind: 'number' },
  { name: 'up', words: 'flows.columnUp', from: 640, width: 'minmax(0, 0.7fr)', kind: 'number' },
  { name: 'rate', words: 'flows.columnRate', from: 760, width: 'minmax(0, 0.8fr)', kind: 'number' },
  { name: 'age', words: 'flows.columnAge', from: 860, width: 'minmax(0, 0.7fr)', kind: 'second' },
];

const rowId = (id: number) => `flow-${id}`;

/** The list: only the rows in sight are drawn. Arrows move, Enter opens, E explains, Escape closes. */
export function FlowsTable({
  flows,
  filter: { text, sort },
  onSort,
  cursor,
  open,
  onMove,
  onOpen,
  onExplain,
}: {
  readonly flows: readonly Flow[];
  readonly filter: FlowFilter;
  readonly onSort: (sort: FlowFilter['sort']) => void;
  /** Id of the flow that the keys are on. */
  readonly cursor: number | null;
  readonly open: number | null;
  readonly onMove: (id: number) => void;
  readonly onOpen: (id: number | null) => void;
  readonly onExplain: (flow: Flow) => void;
}) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(1000);
  const frame = useRef<HTMLDivElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const columns = columnsFor(order, useWidth(frame, 900), false);
  const latest = useRef(flows);
  latest.current = flows;
  const virtual = useVirtualizer({
    count: flows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => Number.parseFloat(tokenValue(document.documentElement, '--size-row')),
    getItemKey: (index) => latest.current[index]?.id ?? index,
    overscan: 8,
  });
  const active = flows.findIndex(({ id }) => id === cursor);
  const drawn = virtual.getVirtualItems();
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

  const move = (place: number) => {
    const flow = flows[place];
    if (flow !== undefined) {
      onMove(flow.id);
      virtual.scrollToIndex(place);
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const flow = flows[active];
    if (event.key === 'Enter' && flow !== undefined) {
      event.preventDefault();
      onOpen(flow.id);
    } else if (event.key.toLowerCase() === 'e' && flow !== undefined) {
      event.preventDefault();
      onExplain(flow);
    } else if (event.key === 'Escape' && open !== null) {
      event.preventDefault();
      onOpen(null);
    } else if (event.key === 'ArrowUp' && active === 0) {
      event.preventDefault();
      document.querySelector<HTMLElement>('[data-primary-search]')?.focus();
    } else {
      const next = rowAfterKey(event.key, active, flows.length);
      if (next !== null) {
        event.preventDefault();
        move(next);
      }
    }
  };
  return (
    <div ref={frame} className={list.frame}>
      <Table
        label={say('shell.flows')}
        rowCount={flows.length + 1}
        columnCount={columns.length}
        className={list.grid}
        style={{ '--columns': columns.map(({ width }) => width).join(' ') } as CSSProperties}
        tabIndex={0}
        data-list-grid=""
        aria-activedescendant={drawn.some(({ index }) => index === active) ? rowId(cursor ?? 0) : undefined}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.target === event.currentTarget && active < 0) {
            move(0);
          }
        }}
      >
        <div className={list.head} role="presentation">
          <TableHead>
            {columns.map(({ name, words: heading }) => (
              <HeaderCell
                key={name}
                sorted={name !== sort.column ? 'none' : sort.isDescending ? 'descending' : 'ascending'}
                onSort={() => onSort(sortAfter(sort, name))}
              >
                {say(heading satisfies WordId)}
              </HeaderCell>
            ))}
          </TableHead>
        </div>
        <div ref={scroll} className={list.scroll} role="presentation">
          <div className={list.space} style={{ height: virtual.getTotalSize() }} role="presentation">
            {drawn.map(({ index, start }) => {
              const flow = flows[index];
              return flow === undefined ? null : (
                <TableRow
                  key={flow.id}
                  id={rowId(flow.id)}
                  index={index + 2}
                  isActive={flow.id === cursor}
                  isChosen={flow.id === open}
                  style={{ transform: `translateY(${start}px)` }}
                  onClick={(event) => {
                    event.currentTarget.closest<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true });
                    onOpen(flow.id);
                  }}
                >
                  {columns.map(({ name, kind }) => (
                    <TableCell key={name} kind={kind}>
                      <FlowCell column={name} flow={flow} say={say} format={format} now={now} marked={words} />
                    </TableCell>
                  ))}
                </TableRow>
              );
            })}
          </div>
        </div>
      </Table>
    </div>
  );
}
