/** What is said of a flow's state: in a word, and as a sentence that says why. */
import { type Flow, type FlowState, flowTargetName } from '../../../app/contract/index.ts';
import type { Tone } from '../../kit/Badge.tsx';
import { cleanText } from '../../words/clean-text.ts';
import type { WordId } from '../../words/words.ts';

interface Look {
  readonly words: WordId;
  readonly why: WordId;
  readonly tone: Tone;
}

export const stateLooks: Readonly<Record<FlowState, Look>> = {
  opening: { words: 'flows.opening', why: 'flows.openingWhy', tone: 'accent' },
  open: { words: 'flows.open', why: 'flows.openWhy', tone: 'fine' },
  laptopEnded: { words: 'flows.laptopEnded', why: 'flows.laptopEndedWhy', tone: 'accent' },
  clusterEnded: { words: 'flows.clusterEnded', why: 'flows.clusterEndedWhy', tone: 'accent' },
  closed: { words: 'flows.closed', why: 'flows.closedWhy', tone: 'plain' },
  refused: { words: 'flows.refused', why: 'flows.refusedWhy', tone: 'bad' },
  hostUnreachable: { words: 'flows.hostUnreachable', why: 'flows.hostUnreachableWhy', tone: 'bad' },
  networkUnreachable: { words: 'flows.networkUnreachable', why: 'flows.networkUnreachableWhy', tone: 'bad' },
  prohibited: { words: 'flows.prohibited', why: 'flows.prohibitedWhy', tone: 'bad' },
  silent: { words: 'flows.silent', why: 'flows.silentWhy', tone: 'bad' },
  abandoned: { words: 'flows.abandoned', why: 'flows.abandonedWhy', tone: 'plain' },
  resetByLaptop: { words: 'flows.resetByLaptop', why: 'flows.resetByLaptopWhy', tone: 'plain' },
  resetByCluster: { words: 'flows.resetByCluster', why: 'flows.resetByClusterWhy', tone: 'careful' },
  timedOut: { words: 'flows.timedOut', why: 'flows.timedOutWhy', tone: 'bad' },
  lostWay: { words: 'flows.lostWay', why: 'flows.lostWayWhy', tone: 'bad' },
  shed: { words: 'flows.shed', why: 'flows.shedWhy', tone: 'bad' },
  sessionEnded: { words: 'flows.sessionEnded', why: 'flows.sessionEndedWhy', tone: 'bad' },
  withdrawn: { words: 'flows.withdrawn', why: 'flows.withdrawnWhy', tone: 'bad' },
};

export const portOf = ({ destination }: Flow): string => destination.slice(destination.lastIndexOf(':') + 1);

/** Name and port as they are called in the cluster; the address where nothing is known behind it, or nothing that can be read. */
export function destinationText(flow: Flow): string {
  const name = flowTargetName(flow);
  return cleanText(flow.target?.name ?? '').trim() === ''
    ? flow.destination
    : `${name}:${flow.target?.port || portOf(flow)}`;
}
