/** The columns of the list: what each shows, and which of them a width has room for. */
import { createColumnHelper, rowSortingFeature, tableFeatures } from '@tanstack/react-table';
import { Star } from 'lucide-react';
import { ForeignText } from '../../kit/ForeignText.tsx';
import type { SortColumn } from '../../store/window.ts';
import { cleanText } from '../../words/clean-text.ts';
import type { Format } from '../../words/format.ts';
import type { Say, WordId } from '../../words/words.ts';
import { ReadyBadge } from './ReadyBadge.tsx';
import styles from './ServicesTable.module.css';
import type { Entry } from './service-entries.ts';

export const features = tableFeatures({ rowSortingFeature });
const helper = createColumnHelper<typeof features, Entry>();

export type ColumnName = SortColumn | 'ports';

/** Columns in order, with the width (CSS pixels of the list) from which each is shown. Those without are always. */
const order: readonly { readonly name: ColumnName; readonly from: number; readonly words: WordId }[] = [
  { name: 'name', from: 0, words: 'services.columnName' },
  { name: 'namespace', from: 0, words: 'services.columnNamespace' },
  { name: 'type', from: 780, words: 'services.columnType' },
  { name: 'address', from: 480, words: 'services.columnAddress' },
  { name: 'ports', from: 620, words: 'services.columnPorts' },
  { name: 'ready', from: 0, words: 'services.columnReady' },
  { name: 'age', from: 880, words: 'services.columnAge' },
];

export const wordsOfColumn = (name: string): WordId =>
  order.find((one) => one.name === name)?.words ?? 'services.columnName';

export function columnNames(width: number, isGrouped: boolean): readonly ColumnName[] {
  return order
    .filter(({ name, from }) => width >= from && !(isGrouped && name === 'namespace'))
    .map(({ name }) => name);
}

/** What one cell shows; kinds are those of TableCell. */
export const cellKinds: Readonly<Record<ColumnName, 'plain' | 'strong' | 'second' | 'code' | 'number'>> = {
  name: 'strong',
  namespace: 'second',
  type: 'second',
  address: 'code',
  ports: 'plain',
  ready: 'plain',
  age: 'second',
};

export interface CellContext {
  readonly say: Say;
  readonly format: Format;
  readonly pinned: ReadonlySet<string>;
  readonly now: number;
}

export function makeColumns(names: readonly ColumnName[], context: CellContext) {
  return helper.columns(
    names.map((name) =>
      // The list comes sorted and cells read the whole entry; but only a column with a value can be sorted by.
      helper.accessor(({ key }) => key, {
        id: name,
        enableSorting: name !== 'ports',
        cell: ({ row }) => cellOf(name, row.original, context),
      }),
    ),
  );
}

function cellOf(name: ColumnName, entry: Entry, { say, format, pinned, now }: CellContext) {
  const { service } = entry;
  switch (name) {
    case 'name':
      return (
        <span className={styles.name}>
          {cleanText(service.name).trim() === '' ? (
            <span className={styles.absent}>{say('services.unseenName')}</span>
          ) : (
            <ForeignText text={service.name} />
          )}
          {pinned.has(entry.key) ? <Star className={styles.star} aria-label={say('services.isPinned')} /> : null}
        </span>
      );
    case 'namespace':
      return <ForeignText text={service.namespace} />;
    case 'type':
      return service.headless ? say('services.headless') : service.type;
    case 'address':
      return entry.address === '' ? (
        <span className={styles.absent}>{say('services.headless')}</span>
      ) : (
        <ForeignText text={entry.address} kind="code" />
      );
    case 'ports':
      return portWords(entry, say);
    case 'ready':
      return <ReadyBadge entry={entry} />;
    default:
      return service.createdAt > 0 ? format.duration(now - service.createdAt) : '–';
  }
}

function portWords({ service }: Entry, say: Say) {
  if (service.ports.length === 0) {
    return (
      <span className={styles.absent}>
        {service.type === 'ExternalName' ? say('services.externalName') : say('services.noPorts')}
      </span>
    );
  }
  return (
    <ForeignText
      text={service.ports
        .map(({ name, port, protocol }) => {
          const number = protocol === 'UDP' || protocol === 'SCTP' ? `${port}/${protocol}` : `${port}`;
          return name === '' ? number : `${name} ${number}`;
        })
        .join(' · ')}
    />
  );
}
