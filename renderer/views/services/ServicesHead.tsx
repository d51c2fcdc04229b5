import { HeaderCell, TableHead } from '../../kit/Table.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import type { SortColumn } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import type { Column } from './columns.tsx';
import { sortAfter } from './service-entries.ts';

/** The names of the columns, which sort by them. */
export function ServicesHead({ columns }: { readonly columns: readonly Column[] }) {
  const say = useWords();
  const { window: store } = useApp();
  const sort = useWindow((state) => state.filter.sort);
  const sortBy = (column: SortColumn) =>
    store.setState(({ filter }) => ({ filter: { ...filter, sort: sortAfter(filter.sort, column) } }));
  return (
    <TableHead>
      {columns.map(({ name, words }) => (
        <HeaderCell
          key={name}
          sorted={name !== sort.column ? 'none' : sort.isDescending ? 'descending' : 'ascending'}
          onSort={name === 'ports' ? undefined : () => sortBy(name)}
        >
          {say(words)}
        </HeaderCell>
      ))}
      <HeaderCell>
        <VisuallyHidden>{say('kit.copy')}</VisuallyHidden>
      </HeaderCell>
    </TableHead>
  );
}
