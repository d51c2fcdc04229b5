/** What a column of a list is, whatever it lists. */
import type { ComponentProps } from 'react';
import type { TableCell } from '../../kit/Table.tsx';
import type { WordId } from '../../words/words.ts';

export interface ListColumn {
  readonly name: string;
  readonly words: WordId;
  /** The width of the list, in CSS pixels, from which on the column is shown. */
  readonly from: number;
  /** Its part of that width, as grid-template-columns takes it. */
  readonly width: string;
  readonly kind: NonNullable<ComponentProps<typeof TableCell>['kind']>;
}

/** Those that there is room for; grouped, the heading of a group says the namespace. */
export const columnsFor = <Column extends ListColumn>(
  order: readonly Column[],
  width: number,
  isGrouped: boolean,
): readonly Column[] => order.filter(({ name, from }) => width >= from && !(isGrouped && name === 'namespace'));
