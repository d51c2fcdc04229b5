import { type Context, type ContextKey, keyText, type Problem } from '../../../app/contract/index.ts';
import { connectContext, toggleConnection } from '../../actions/connection.ts';
import { prepareHelper } from '../../actions/prepare-helper.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { RootProgram } from '../../parts/RootProgram.tsx';
import { Section } from '../../parts/Section.tsx';
import { useAnswer, useApp, useIsLive, useMirror, useWho } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { Preview } from '../routes/Preview.tsx';
import { Proof } from '../routes/Proof.tsx';
import { ResolverTest } from '../routes/ResolverTest.tsx';
import styles from './ClusterView.module.css';
import { ContextFacts } from './ContextFacts.tsx';

/** What switching it on would change, where it leads, and after switching off the proof that nothing is left. */
export function Overview({
  context,
  chosen,
  last,
}: {
  readonly context: Context;
  readonly chosen: ContextKey;
  readonly last: Problem | null;
}) {
  const say = useWords();
  const subject = keyText(chosen);
  // A fresh proof comes first: whoever has just switched off waits for it.
  const isProved = useAnswer(useApp().inquiries.proof, subject) !== null;
  return (
    <div className={styles.offBody}>
      <ConnectRow context={context} />
      {last === null ? null : <ProblemCard problem={last} />}
      <HelperNotice />
      {isProved ? <Proof subject={subject} /> : null}
      <Preview context={context} />
      <Section title={say('home.contextTitle')}>
        <Card className={styles.panel}>
          <ContextFacts context={context} />
        </Card>
      </Section>
      {isProved ? null : <Proof subject={subject} />}
      <ResolverTest subject={subject} />
    </div>
  );
}

/** The switch in words, where one reads what it does. */
function ConnectRow({ context }: { readonly context: Context }) {
  const say = useWords();
  const actions = useActionContext();
  const isLive = useIsLive();
  return (
    <div className={styles.connect}>
      <Button
        kind="primary"
        icon={toggleConnection.icon}
        keys={toggleConnection.keys}
        disabled={!isLive}
        onClick={() => void connectContext(actions, context)}
      >
        {say('home.connect')}
      </Button>
      <span className={styles.second}>{say('home.connectHint')}</span>
    </div>
  );
}

function HelperNotice() {
  const say = useWords();
  const who = useWho();
  const run = useRunAction();
  const helper = useMirror((mirror) => mirror.snapshot?.helper ?? null);
  if (helper?.state === 'refused') {
    return (
      <ProblemCard
        problem={helper.because}
        actions={
          <Button kind="primary" onClick={() => run(prepareHelper)}>
            {say('home.startHelper')}
          </Button>
        }
      />
    );
  }
  return helper?.state === 'absent' ? (
    <Card className={styles.inline}>
      <span className={styles.inlineWords}>
        {say('home.helperAbsent', { who })}
        <RootProgram />
      </span>
      <Button size="small" onClick={() => run(prepareHelper)}>
        {say('home.startHelper')}
      </Button>
    </Card>
  ) : null;
}
