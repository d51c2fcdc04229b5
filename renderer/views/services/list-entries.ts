/**
 * What every list of a cluster's things by namespace and name is made of: rows with an identity, in an order that is made
 * of the order before, in groups. Services and pods are such lists.
 */
import type { ServiceKey } from '../../../app/contract/index.ts';

export interface ListEntry {
  readonly key: string;
  /** Of what it is a row: it has a namespace and a name. */
  readonly at: ServiceKey;
}

export type ListItem<Entry extends ListEntry> =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'group'; readonly namespace: string; readonly count: number };

export type Compare<Entry> = (left: Entry, right: Entry) => number;

export function byText<Entry>(of: (entry: Entry) => string): Compare<Entry> {
  return (left, right) => {
    const one = of(left);
    const other = of(right);
    return one < other ? -1 : one > other ? 1 : 0;
  };
}

export function byNumber<Entry>(of: (entry: Entry) => number): Compare<Entry> {
  return (left, right) => of(left) - of(right);
}

/** Numbers of equal width, so that addresses sort as one reads them. */
export const addressOrderOf = (address: string): string => address.replace(/\d+/g, (digits) => digits.padStart(3, '0'));

export interface Sort<Column> {
  readonly column: Column;
  readonly isDescending: boolean;
}

/** True where nobody chose another order than the one that a list begins with. */
export const isUsualSort = ({ column, isDescending }: Sort<string>): boolean => column === 'name' && !isDescending;

/** The sort once a column was chosen: up at first, and the other way round where the list is sorted by it already. */
export function sortAfter<Column>(sort: Sort<Column>, column: Column): Sort<Column> {
  return { column, isDescending: sort.column === column && !sort.isDescending };
}

const byName = byText<ListEntry>(({ at }) => at.name);
const byNamespace = byText<ListEntry>(({ at }) => at.namespace);

/**
 * The rows in order; equal ones stay by name, then by namespace. `before` is the order that they had: sorting what is
 * nearly in order costs a tenth, which counts where fifty of ten thousand change each second.
 */
export function inOrder<Row, Entry extends ListEntry>(
  rows: readonly Row[],
  before: readonly Entry[],
  entryOf: (row: Row) => Entry,
  compare: Compare<Entry>,
  isDescending: boolean,
): readonly Entry[] {
  const sign = isDescending ? -1 : 1;
  return asBefore(rows, before, entryOf).sort(
    (left, right) => sign * compare(left, right) || byName(left, right) || byNamespace(left, right),
  );
}

/** The rows of now in the order of before, new ones at the end. */
function asBefore<Row, Entry extends ListEntry>(
  rows: readonly Row[],
  before: readonly Entry[],
  entryOf: (row: Row) => Entry,
): Entry[] {
  if (before.length === 0) {
    return rows.map(entryOf);
  }
  const present = new Map<string, Entry>();
  for (const row of rows) {
    const entry = entryOf(row);
    present.set(entry.key, entry);
  }
  const kept: Entry[] = [];
  for (const { key } of before) {
    const entry = present.get(key);
    if (entry !== undefined) {
      kept.push(entry);
      present.delete(key);
    }
  }
  return [...kept, ...present.values()];
}

/** What the table draws, one after the other; grouped, each namespace has a heading. */
export function listItems<Entry extends ListEntry>(
  matching: readonly Entry[],
  isGrouped: boolean,
): readonly ListItem<Entry>[] {
  if (!isGrouped) {
    return matching.map((entry) => ({ kind: 'entry', entry }));
  }
  const groups = new Map<string, Entry[]>();
  for (const entry of matching) {
    const group = groups.get(entry.at.namespace);
    if (group === undefined) {
      groups.set(entry.at.namespace, [entry]);
    } else {
      group.push(entry);
    }
  }
  return [...groups.keys()].sort().flatMap((namespace) => {
    const group = groups.get(namespace) ?? [];
    return [
      { kind: 'group' as const, namespace, count: group.length },
      ...group.map((entry) => ({ kind: 'entry' as const, entry })),
    ];
  });
}
