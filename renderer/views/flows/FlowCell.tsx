import type { Flow } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { cleanText } from '../../words/clean-text.ts';
import type { Format } from '../../words/format.ts';
import type { Say } from '../../words/words.ts';
import styles from './Flows.module.css';
import type { FlowColumn } from './flow-entries.ts';
import { destinationText, stateLooks } from './flow-words.ts';

export interface FlowCellProps {
  readonly column: FlowColumn;
  readonly flow: Flow;
  readonly say: Say;
  readonly format: Format;
  readonly now: number;
  /** What is searched for. */
  readonly marked: readonly string[];
}

/** What a column shows of a flow. */
export function FlowCell({ column, flow, say, format, now, marked }: FlowCellProps) {
  switch (column) {
    case 'program':
      return <Program flow={flow} say={say} marked={marked} />;
    case 'destination':
      return (
        <ForeignText
          text={destinationText(flow)}
          marked={marked}
          title={`${destinationText(flow)} (${flow.destination})`}
        />
      );
    case 'state':
      return <StateBadge flow={flow} say={say} />;
    case 'down':
      return format.bytes(flow.bytesDown);
    case 'up':
      return format.bytes(flow.bytesUp);
    case 'rate':
      return flow.rateDown + flow.rateUp === 0 ? '–' : format.rate(flow.rateDown + flow.rateUp);
    case 'age':
      return format.duration(now - flow.beganAt);
  }
}

export function StateBadge({ flow, say }: Pick<FlowCellProps, 'flow' | 'say'>) {
  const { words, tone } = stateLooks[flow.state];
  return <Badge tone={tone}>{say(words)}</Badge>;
}

function Program({ flow: { program }, say, marked }: Pick<FlowCellProps, 'flow' | 'say' | 'marked'>) {
  if (program === null) {
    return <span className={styles.absent}>{say('flows.programUnknown')}</span>;
  }
  if (program.processId === null) {
    return <span className={styles.absent}>{say('flows.programOf', { user: program.user })}</span>;
  }
  return (
    <span className={styles.program}>
      {cleanText(program.name).trim() === '' ? (
        <span className={styles.absent}>{say('flows.unseenName')}</span>
      ) : (
        <ForeignText text={program.name} marked={marked} title={program.executable || program.name} />
      )}
      <span className={styles.process}>{program.processId}</span>
    </span>
  );
}
