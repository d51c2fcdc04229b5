import { Route } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Flow, flowLives } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { SidePanel } from '../../kit/SidePanel.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { useApp, useFlows, useWindow } from '../../store/hooks.ts';
import { panelWidths } from '../../store/window.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { StateBadge } from './FlowCell.tsx';
import styles from './Flows.module.css';
import { destinationText, stateLooks } from './flow-words.ts';

/** One flow: what its state means, whose it is, where it leads, and how long what took. */
export function FlowPanel({
  flow,
  onClose,
  onExplain,
}: {
  readonly flow: Flow;
  readonly onClose: () => void;
  readonly onExplain: () => void;
}) {
  const say = useWords();
  const format = useFormat();
  const { window: store } = useApp();
  const width = useWindow((state) => state.panelWidth);
  const programsKnown = useFlows((state) => state.about?.programsKnown ?? true);
  const { program } = flow;
  return (
    <SidePanel
      title={<ForeignText text={destinationText(flow)} />}
      label={say('flows.panelLabel', { destination: destinationText(flow) })}
      subtitle={<StateBadge flow={flow} say={say} />}
      onClose={onClose}
      width={width}
      widths={panelWidths}
      onWidth={(panelWidth) => store.setState({ panelWidth })}
    >
      <div className={styles.lead}>
        <p>{say(stateLooks[flow.state].why)}</p>
        <Button icon={Route} keys="E" onClick={onExplain}>
          {say('flows.explain')}
        </Button>
      </div>
      <Facts label={say('flows.programFacts')} isNarrow>
        {program === null ? (
          <Fact name={say('flows.columnProgram')}>
            {say(programsKnown ? 'flows.programUnknownWhy' : 'flows.programsUnknown')}
          </Fact>
        ) : (
          <>
            <Fact name={say('flows.columnProgram')}>
              {program.processId === null ? (
                say('flows.programHidden')
              ) : (
                <ForeignText text={program.name} kind="lines" />
              )}
            </Fact>
            {program.processId === null ? null : <Fact name={say('flows.process')}>{program.processId}</Fact>}
            {program.executable === '' ? null : (
              <Fact name={say('flows.executable')}>
                <ForeignText text={program.executable} kind="lines" />
              </Fact>
            )}
            <Fact name={say('flows.user')}>
              <ForeignText text={program.user} kind="lines" />
            </Fact>
          </>
        )}
      </Facts>
      <Facts label={say('flows.wayFacts')} isNarrow>
        <Code name={say('flows.from')}>{flow.source}</Code>
        <Code name={say('flows.to')}>{flow.destination}</Code>
        {flow.real === undefined ? null : <Code name={say('flows.real')}>{flow.real}</Code>}
        <Fact name={say('flows.received')}>
          {amount(format.bytes(flow.bytesDown), format.rate(flow.rateDown), flow)}
        </Fact>
        <Fact name={say('flows.sent')}>{amount(format.bytes(flow.bytesUp), format.rate(flow.rateUp), flow)}</Fact>
        <Fact name={say('flows.began')}>{format.moment(flow.beganAt)}</Fact>
        {flow.endedAt === null ? null : <Fact name={say('flows.ended')}>{format.moment(flow.endedAt)}</Fact>}
        {flow.answerMicroseconds === null ? null : (
          <Fact name={say('flows.answer')}>{format.microseconds(flow.answerMicroseconds)}</Fact>
        )}
        {flow.serviceMicroseconds === null ? null : (
          <Fact name={say('flows.service')}>{format.microseconds(flow.serviceMicroseconds)}</Fact>
        )}
      </Facts>
    </SidePanel>
  );
}

const amount = (bytes: string, rate: string, flow: Flow) => (flowLives(flow) ? `${bytes} · ${rate}` : bytes);

function Code({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <Fact name={name}>
      <code className={styles.code}>{children}</code>
    </Fact>
  );
}
