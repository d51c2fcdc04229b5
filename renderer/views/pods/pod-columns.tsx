/** The columns of the list of pods: what each shows, and which of them a width has room for. */
import type { ReactNode } from 'react';
import type { Pod, RangePair } from '../../../app/contract/index.ts';
import { Badge, type Tone } from '../../kit/Badge.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import type { PodColumn } from '../../store/window.ts';
import { cleanText } from '../../words/clean-text.ts';
import type { Format } from '../../words/format.ts';
import type { Say } from '../../words/words.ts';
import { columnsFor, type ListColumn } from '../services/list-columns.ts';
import styles from '../services/ServicesTable.module.css';
import { WorkingAddress } from '../services/WorkingAddress.tsx';
import type { PodEntry } from './pod-entries.ts';

export interface Column extends ListColumn {
  readonly name: PodColumn;
}

const order: readonly Column[] = [
  { name: 'name', words: 'pods.columnName', from: 0, width: 'minmax(0, 2fr)', kind: 'strong' },
  { name: 'namespace', words: 'services.columnNamespace', from: 0, width: 'minmax(0, 1fr)', kind: 'second' },
  { name: 'address', words: 'services.columnAddress', from: 480, width: 'minmax(0, 1.1fr)', kind: 'code' },
  { name: 'status', words: 'pods.columnStatus', from: 0, width: 'minmax(0, 1.4fr)', kind: 'plain' },
  { name: 'restarts', words: 'pods.columnRestarts', from: 780, width: 'minmax(0, 0.7fr)', kind: 'number' },
  { name: 'node', words: 'pods.columnNode', from: 720, width: 'minmax(0, 0.9fr)', kind: 'second' },
  { name: 'age', words: 'services.columnAge', from: 880, width: 'minmax(0, 0.7fr)', kind: 'second' },
];

export const podColumnsOf = (width: number, isGrouped: boolean): readonly Column[] =>
  columnsFor(order, width, isGrouped);

export interface PodCells {
  readonly say: Say;
  readonly format: Format;
  readonly now: number;
  readonly pairs: readonly RangePair[];
  /** What is searched for. */
  readonly words: readonly string[];
}

/** What a column shows of a pod. */
export function podCell({ name }: Column, { pod }: PodEntry, { say, format, now, pairs, words }: PodCells): ReactNode {
  switch (name) {
    case 'name':
      return cleanText(pod.name).trim() === '' ? (
        <span className={styles.absent}>{say('services.unseenName')}</span>
      ) : (
        <ForeignText text={pod.name} marked={words} cut="start" />
      );
    case 'namespace':
      return <ForeignText text={pod.namespace} marked={words} />;
    case 'address':
      return <Address pod={pod} say={say} pairs={pairs} words={words} />;
    case 'status':
      return <StatusBadge pod={pod} say={say} />;
    case 'restarts':
      return format.number(pod.restarts);
    case 'node':
      return pod.node === '' ? '–' : <ForeignText text={pod.node} marked={words} />;
    case 'age':
      return pod.createdAt > 0 ? format.duration(now - pod.createdAt) : '–';
  }
}

function Address({ pod, say, pairs, words }: { readonly pod: Pod } & Pick<PodCells, 'say' | 'pairs' | 'words'>) {
  const [address] = pod.addresses;
  if (address === undefined) {
    return <span className={styles.absent}>{say('pods.noAddressShort')}</span>;
  }
  return (
    <>
      <WorkingAddress real={address} pairs={pairs} words={words} />
      {pod.hostNetwork ? <span className={styles.elsewhere}>{say('pods.ofNode')}</span> : null}
    </>
  );
}

const tones: Readonly<Record<Pod['health'], Tone>> = {
  ready: 'fine',
  starting: 'careful',
  failing: 'bad',
  done: 'plain',
  ending: 'plain',
};

/** The status as kubectl says it, with how many containers are ready where not all are. */
export function StatusBadge({ pod, say }: { readonly pod: Pod; readonly say: Say }) {
  const status = cleanText(pod.status, 60) || say('pods.statusUnknown');
  const isPartly = pod.health !== 'done' && pod.ready < pod.total;
  return (
    <Badge tone={tones[pod.health]}>
      {isPartly ? say('pods.statusReady', { status, ready: pod.ready, total: pod.total }) : status}
    </Badge>
  );
}
