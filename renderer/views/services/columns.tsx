/** The columns of the list: what each shows, and which of them a width has room for. */
import { Star } from 'lucide-react';
import type { ReactNode } from 'react';
import { portsText, type RangePair } from '../../../app/contract/index.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { fieldWords } from '../../parts/match-words.ts';
import type { Match, MatchField } from '../../store/rank-services.ts';
import type { SortColumn } from '../../store/window.ts';
import { cleanText } from '../../words/clean-text.ts';
import type { Format } from '../../words/format.ts';
import { type Say, useWords } from '../../words/words.ts';
import { columnsFor, type ListColumn } from './list-columns.ts';
import { ReadyBadge } from './ReadyBadge.tsx';
import styles from './ServicesTable.module.css';
import type { Entry } from './service-entries.ts';
import { WorkingAddress } from './WorkingAddress.tsx';

type ColumnName = SortColumn | 'ports';

export interface Column extends ListColumn {
  readonly name: ColumnName;
}

/** In their order from left to right. Those from 0 on are always shown. */
const order: readonly Column[] = [
  { name: 'name', words: 'services.columnName', from: 0, width: 'minmax(0, 1.5fr)', kind: 'strong' },
  { name: 'namespace', words: 'services.columnNamespace', from: 0, width: 'minmax(0, 1fr)', kind: 'second' },
  { name: 'type', words: 'services.columnType', from: 780, width: 'minmax(0, 0.9fr)', kind: 'second' },
  { name: 'address', words: 'services.columnAddress', from: 480, width: 'minmax(0, 1.1fr)', kind: 'code' },
  { name: 'ports', words: 'services.columnPorts', from: 620, width: 'minmax(0, 1.4fr)', kind: 'plain' },
  { name: 'ready', words: 'services.columnReady', from: 0, width: 'minmax(0, 0.8fr)', kind: 'plain' },
  { name: 'age', words: 'services.columnAge', from: 880, width: 'minmax(0, 0.7fr)', kind: 'second' },
];

export const columnsOf = (width: number, isGrouped: boolean): readonly Column[] => columnsFor(order, width, isGrouped);

/** What is searched for, and why each row was found. */
export interface Search {
  readonly matches: ReadonlyMap<string, Match>;
  readonly words: readonly string[];
}

export interface CellContext {
  readonly say: Say;
  readonly format: Format;
  readonly pinned: ReadonlySet<string>;
  readonly now: number;
  readonly search: Search;
  readonly pairs: readonly RangePair[];
  /** What is on screen of the columns. */
  readonly shown: readonly Column[];
}

/** What a column shows of a Service. */
export function cellOf(
  { name }: Column,
  entry: Entry,
  { say, format, pinned, now, search, pairs, shown }: CellContext,
): ReactNode {
  const { service } = entry;
  switch (name) {
    case 'name':
      return (
        <span className={styles.name}>
          {cleanText(service.name).trim() === '' ? (
            <span className={styles.absent}>{say('services.unseenName')}</span>
          ) : (
            <ForeignText text={service.name} marked={search.words} />
          )}
          {pinned.has(entry.key) ? <Star className={styles.star} aria-label={say('services.isPinned')} /> : null}
          <Elsewhere match={search.matches.get(entry.key)} entry={entry} words={search.words} shown={shown} />
        </span>
      );
    case 'namespace':
      return <ForeignText text={service.namespace} marked={search.words} />;
    case 'type':
      return service.headless ? say('services.headless') : service.type;
    case 'address':
      return entry.address === '' ? (
        <span className={styles.absent}>{say('services.headless')}</span>
      ) : (
        <WorkingAddress real={entry.address} pairs={pairs} words={search.words} />
      );
    case 'ports':
      return portWords(entry, say, search.words);
    case 'ready':
      return <ReadyBadge entry={entry} />;
    case 'age':
      return service.createdAt > 0 ? format.duration(now - service.createdAt) : '–';
  }
}

const columnOf: Readonly<Partial<Record<MatchField, ColumnName>>> = {
  name: 'name',
  namespace: 'namespace',
  address: 'address',
  'external-name': 'address',
  port: 'ports',
  type: 'type',
};

/** Where it was found, where no column shows that. A full name is told by name and namespace. */
function Elsewhere({
  match,
  entry,
  words,
  shown,
}: {
  readonly match: Match | undefined;
  readonly entry: Entry;
  readonly words: readonly string[];
  readonly shown: readonly Column[];
}) {
  const say = useWords();
  if (match === undefined || match.field === 'full-name') {
    return null;
  }
  const isShown = shown.some(({ name }) => name === columnOf[match.field]);
  const isOtherAddress = match.field === 'address' && match.text !== entry.address;
  if (isShown && !isOtherAddress) {
    return null;
  }
  return (
    <span className={styles.elsewhere}>
      {say(fieldWords[match.field])} <ForeignText text={match.text} marked={words} cut="start" />
    </span>
  );
}

function portWords({ service }: Entry, say: Say, marked: readonly string[]) {
  if (service.ports.length === 0) {
    return (
      <span className={styles.absent}>
        {service.type === 'ExternalName' ? say('services.externalName') : say('services.noPorts')}
      </span>
    );
  }
  return <ForeignText marked={marked} text={portsText(service.ports)} />;
}
