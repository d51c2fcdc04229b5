import { ShieldCheck } from 'lucide-react';
import { type ContextKey, type EstablishedConnection, keyText } from '../../../app/contract/index.ts';
import { checkAgent } from '../../actions/check-agent.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { Verdicts } from '../../parts/Verdict.tsx';
import { useAnswer, useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { checkNames, OneCheck } from '../diagnostics/Checks.tsx';
import styles from './AgentTab.module.css';
import { BenchPart } from './BenchPart.tsx';
import { PathPart } from './PathPart.tsx';

/** The pod that carries this connection: where it runs, what it is, how it came there, and what it is allowed. */
export function AgentTab({
  context,
  connection,
}: {
  readonly context: ContextKey;
  readonly connection: EstablishedConnection;
}) {
  const say = useWords();
  const format = useFormat();
  if (connection.phase === 'reconnecting') {
    return (
      <EmptyState icon={ShieldCheck} title={say('home.agentLost')}>
        {say('home.agentLostHint')}
      </EmptyState>
    );
  }
  const { agent, since } = connection;
  return (
    <div className={styles.tab}>
      <Facts label={say('home.tabAgent')}>
        <Fact name={say('home.agentNamespace')}>
          <ForeignText text={agent.namespace} kind="code" />
        </Fact>
        <Fact name={say('home.agentPod')}>
          <ForeignText text={agent.pod} kind="code" />
        </Fact>
        <Fact name={say('home.agentVersion')}>
          <ForeignText text={agent.build} kind="code" />
        </Fact>
        <Fact name={say('home.agentImage')}>
          <ForeignText text={agent.image} kind="code" />
        </Fact>
        <Fact name={say('home.agentDelivery')}>
          {agent.delivery === 'sent' ? say('home.deliverySent') : say('home.deliveryImage')}
        </Fact>
        <Fact name={say('home.agentSince')}>{format.moment(since)}</Fact>
      </Facts>
      {connection.pathReason === undefined ? null : <PathPart reason={connection.pathReason} />}
      <BenchPart context={context} connection={connection} />
      <Rights subject={keyText(context)} />
    </div>
  );
}

const looked = ['rights', 'agent', 'tunnel'] as const;

/** What the agent may do, and on demand how it and our rights are now. */
function Rights({ subject }: { readonly subject: string }) {
  const say = useWords();
  const run = useRunAction();
  const answer = useAnswer(useApp().inquiries.checks, subject);
  const checks = answer?.value?.checks ?? null;
  return (
    <Section
      title={say('home.agentRights')}
      hint={say('home.agentRightsHint')}
      actions={
        <Button
          size="small"
          icon={checkAgent.icon}
          disabled={answer?.isAsking ?? false}
          onClick={() => run(checkAgent)}
        >
          {say('home.agentCheck')}
        </Button>
      }
    >
      {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
      {checks !== null ? (
        <Verdicts label={say('home.agentRights')}>
          {looked.flatMap((name) =>
            checks
              .filter(({ check }) => check === name)
              .map((check) => <OneCheck key={name} check={check} name={say(checkNames[name])} />),
          )}
        </Verdicts>
      ) : answer?.isAsking ? (
        <SkeletonRows count={3} label={say('home.agentChecking')} />
      ) : null}
    </Section>
  );
}
