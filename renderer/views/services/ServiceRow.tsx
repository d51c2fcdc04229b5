import { memo, useMemo } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { copyAddress } from '../../actions/copy-service.ts';
import { chosenPort } from '../../actions/shown-service.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { type CellContext, type Column, cellOf } from './columns.tsx';
import { ListRow } from './ListRow.tsx';
import type { RowPlace } from './ListTable.tsx';
import type { Entry } from './service-entries.ts';

interface ServiceRowProps extends RowPlace {
  readonly entry: Entry;
  readonly columns: readonly Column[];
  readonly cells: Omit<CellContext, 'shown'>;
  readonly context: ContextKey;
}

export const ServiceRow = memo(function ServiceRow({ entry, columns, cells, context, ...place }: ServiceRowProps) {
  const actions = useActionContext();
  const { service } = entry;
  const drawn = useMemo(() => ({ ...cells, shown: columns }), [cells, columns]);
  return (
    <ListRow
      list="services"
      entry={entry}
      columns={columns}
      place={place}
      cell={(column) => cellOf(column, entry, drawn)}
      onCopy={() => {
        const port = chosenPort(service, actions.app.window.getState().port);
        void copyAddress(actions, { context, service, port });
      }}
    />
  );
});
