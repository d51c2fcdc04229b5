import { memo } from 'react';
import { copyPodAddress } from '../../actions/copy-service.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { ListRow } from '../services/ListRow.tsx';
import type { RowPlace } from '../services/ListTable.tsx';
import { type Column, type PodCells, podCell } from './pod-columns.tsx';
import type { PodEntry } from './pod-entries.ts';

interface PodRowProps extends RowPlace {
  readonly entry: PodEntry;
  readonly columns: readonly Column[];
  readonly cells: PodCells;
}

export const PodRow = memo(function PodRow({ entry, columns, cells, ...place }: PodRowProps) {
  const actions = useActionContext();
  const hasAddress = entry.pod.addresses.length > 0;
  return (
    <ListRow
      list="pods"
      entry={entry}
      columns={columns}
      place={place}
      cell={(column) => podCell(column, entry, cells)}
      onCopy={hasAddress ? () => void copyPodAddress(actions, entry.pod) : undefined}
    />
  );
});
