import { ShieldCheck } from 'lucide-react';
import type { Check } from '../../../app/contract/index.ts';
import { Badge, type Tone } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import type { Live } from '../home/ConnectedStage.tsx';
import { useAnswer } from '../home/use-answer.ts';
import styles from './AgentTab.module.css';

/** The pod that carries this connection: where it runs, what it is, how it came there, and what it was allowed. */
export function AgentTab({ connection }: { readonly connection: Live }) {
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
      <Card>
        <dl className={styles.facts}>
          <Fact words="home.agentNamespace">
            <ForeignText text={agent.namespace} kind="code" />
          </Fact>
          <Fact words="home.agentPod">
            <ForeignText text={agent.pod} kind="code" />
          </Fact>
          <Fact words="home.agentVersion">
            <ForeignText text={agent.build} kind="code" />
          </Fact>
          <Fact words="home.agentImage">
            <ForeignText text={agent.image} kind="code" />
          </Fact>
          <Fact words="home.agentDelivery">
            {agent.delivery === 'sent' ? say('home.deliverySent') : say('home.deliveryImage')}
          </Fact>
          <Fact words="home.agentSince">{format.moment(since)}</Fact>
        </dl>
      </Card>
      <Rights context={connection.cluster.context} />
    </div>
  );
}

function Fact({ words, children }: { readonly words: WordId; readonly children: React.ReactNode }) {
  const say = useWords();
  return (
    <div className={styles.fact}>
      <dt>{say(words)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const tones: Readonly<Record<Check['state'], Tone>> = {
  good: 'fine',
  warning: 'careful',
  bad: 'bad',
  'not-checked': 'plain',
};

/** What the agent may do, and on demand what the cluster says to what we need. */
function Rights({ context }: { readonly context: string }) {
  const say = useWords();
  const [answer, ask] = useAnswer('runChecks');
  const checks =
    answer.state === 'present'
      ? answer.value.checks.filter(({ check }) => check === 'rights' || check === 'agent' || check === 'tunnel')
      : [];
  return (
    <section className={styles.rights} aria-label={say('home.agentRights')}>
      <div className={styles.head}>
        <h2>{say('home.agentRights')}</h2>
        <Button size="small" disabled={answer.state === 'loading'} onClick={() => ask({ context })}>
          {say('home.agentCheck')}
        </Button>
      </div>
      <p className={styles.second}>{say('home.agentRightsHint')}</p>
      {answer.state === 'loading' ? <SkeletonRows count={2} label={say('home.agentChecking')} /> : null}
      {answer.state === 'failed' ? <ProblemCard problem={answer.problem} /> : null}
      {checks.map(({ check, state, answer: found, problem }) =>
        problem === null ? (
          <Card key={check} className={styles.check}>
            <Badge tone={tones[state]}>{say(`home.check.${check as 'rights' | 'agent' | 'tunnel'}`)}</Badge>
            <ForeignText text={found} />
          </Card>
        ) : (
          <ProblemCard key={check} problem={problem} />
        ),
      )}
    </section>
  );
}
