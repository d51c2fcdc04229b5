import { HeaderCell, TableHead } from '../../kit/Table.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useWords } from '../../words/words.ts';
import type { ListColumn } from './list-columns.ts';
import type { Sort } from './list-entries.ts';

/** The names of the columns, which sort by them. `onSort` answers nothing for one that does not. */
export function ListHead<Column extends ListColumn>({
  columns,
  sort,
  onSort,
}: {
  readonly columns: readonly Column[];
  readonly sort: Sort<string>;
  readonly onSort: (column: Column) => (() => void) | undefined;
}) {
  const say = useWords();
  return (
    <TableHead>
      {columns.map((column) => (
        <HeaderCell
          key={column.name}
          sorted={column.name !== sort.column ? 'none' : sort.isDescending ? 'descending' : 'ascending'}
          onSort={onSort(column)}
        >
          {say(column.words)}
        </HeaderCell>
      ))}
      <HeaderCell>
        <VisuallyHidden>{say('kit.copy')}</VisuallyHidden>
      </HeaderCell>
    </TableHead>
  );
}
