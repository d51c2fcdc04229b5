/** Which flows are listed, and in which order. Pure. */
import { type Flow, flowFailed, flowLives, flowTargetName } from '../../../app/contract/index.ts';
import { destinationText } from './flow-words.ts';

export type FlowColumn = 'program' | 'destination' | 'state' | 'down' | 'up' | 'rate' | 'age';

export interface FlowFilter {
  readonly text: string;
  readonly shown: 'all' | 'live' | 'failed';
  readonly sort: { readonly column: FlowColumn; readonly isDescending: boolean };
}

export const noFlowFilter: FlowFilter = { text: '', shown: 'all', sort: { column: 'age', isDescending: false } };

/** Everything of a flow that a search may be for. */
export function textOf(flow: Flow): string {
  const { program, source, destination, real, target } = flow;
  return [
    program?.name,
    program?.processId,
    program?.user,
    program?.executable,
    flowTargetName(flow),
    target?.service === undefined ? '' : `${target.service}.${target.namespace}`,
    target?.port,
    source,
    destination,
    real,
  ]
    .join(' ')
    .toLowerCase();
}

export function listedFlows(flows: readonly Flow[], { text, shown, sort }: FlowFilter): Flow[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const kept = flows.filter(
    (flow) =>
      (shown === 'all' || (shown === 'live' ? flowLives(flow) : flowFailed(flow))) &&
      (words.length === 0 || words.every((word) => textOf(flow).includes(word))),
  );
  const compare = comparisons[sort.column];
  const sign = sort.isDescending ? -1 : 1;
  return kept.sort((one, other) => sign * compare(one, other) || other.beganAt - one.beganAt || other.id - one.id);
}

const byText = (read: (flow: Flow) => string) => (one: Flow, other: Flow) => {
  const [left, right] = [read(one), read(other)];
  return left < right ? -1 : left > right ? 1 : 0;
};
const byNumber = (read: (flow: Flow) => number) => (one: Flow, other: Flow) => read(one) - read(other);

const comparisons: Readonly<Record<FlowColumn, (one: Flow, other: Flow) => number>> = {
  program: byText(({ program }) => program?.name.toLowerCase() || program?.user || ''),
  destination: byText(destinationText),
  state: byText(({ state }) => state),
  down: byNumber(({ bytesDown }) => bytesDown),
  up: byNumber(({ bytesUp }) => bytesUp),
  rate: byNumber(({ rateDown, rateUp }) => rateDown + rateUp),
  age: byNumber(({ beganAt }) => -beganAt),
};

/** The order after a click on a column's name: amounts begin with the greatest, ages with the least. */
export function sortAfter(sort: FlowFilter['sort'], column: FlowColumn): FlowFilter['sort'] {
  const isAmount = column === 'down' || column === 'up' || column === 'rate';
  return { column, isDescending: sort.column === column ? !sort.isDescending : isAmount };
}
