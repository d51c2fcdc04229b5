import { Minus } from 'lucide-react';
import { useState } from 'react';
import type { ResolverAnswer } from '../../../app/contract/index.ts';
import { askResolvers, testResolvers } from '../../actions/test-resolvers.ts';
import { useActionContext } from '../../actions/use-action.ts';
import badgeStyles from '../../kit/Badge.module.css';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { HeaderCell, Table, TableCell, TableHead, TableRow } from '../../kit/Table.tsx';
import { TextInput } from '../../kit/TextInput.tsx';
import { Section } from '../../parts/Section.tsx';
import { useAnswer, useApp, useHomeNamespace, useServices, useWindow } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { answersByQuestion, unknownName } from './answers.ts';
import styles from './Routes.module.css';

const kindWords: Readonly<Record<ResolverAnswer['kind'], WordId>> = {
  system: 'routes.asked.system',
  slipway: 'routes.asked.slipway',
  upstream: 'routes.asked.upstream',
};

/** Asks every resolver the same name, live: who answers what, and how fast. */
export function ResolverTest({ subject }: { readonly subject: string }) {
  const say = useWords();
  const context = useActionContext();
  const [name, setName] = useState('');
  const answer = useAnswer(useApp().inquiries.resolvers, subject);
  const isAsking = answer?.isAsking ?? false;
  const ask = () => void askResolvers(context, name.trim());
  return (
    <Section title={say('routes.test')} hint={say('routes.testHint')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <div className={styles.name}>
          <TextInput
            value={name}
            onChange={setName}
            isCode
            maxLength={253}
            aria-label={say('routes.nameToAsk')}
            placeholder={say('routes.nameToAsk')}
          />
        </div>
        <Button type="submit" icon={testResolvers.icon} aria-busy={isAsking} disabled={isAsking}>
          {isAsking ? say('routes.asking') : say('routes.testResolvers')}
        </Button>
      </form>
      <div className={styles.stack} aria-live="polite">
        {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
        {answer?.value ? (
          answersByQuestion(answer.value.answers).map(([question, answers]) => (
            <Question key={question} question={question} answers={answers} />
          ))
        ) : isAsking ? (
          <SkeletonRows count={3} label={say('routes.asking')} />
        ) : null}
      </div>
    </Section>
  );
}

/** What was asked for is looked at, wherever on the page it was asked. */
const intoSight = (answers: HTMLElement | null) => answers?.scrollIntoView({ block: 'nearest' });

/** What the answers come to, where nobody knows a name of the cluster. */
function Verdict({ question, answers }: { readonly question: string; readonly answers: readonly ResolverAnswer[] }) {
  const say = useWords();
  const chosen = useWindow((state) => state.chosen);
  const services = useServices((state) => state.rows);
  const unknown = unknownName(question, answers, services, useHomeNamespace(chosen));
  if (unknown === null) {
    return null;
  }
  const { what, name, namespace, meant } = unknown;
  return (
    <p className={styles.verdict} role="status">
      <strong>
        {what === 'service' ? say('routes.noService', { name, namespace }) : say('routes.noNamespace', { namespace })}
      </strong>{' '}
      {meant === null
        ? null
        : say('routes.didYouMean', { name: what === 'service' ? `${meant}.${namespace}` : `${name}.${meant}` })}
    </p>
  );
}

function Question({ question, answers }: { readonly question: string; readonly answers: readonly ResolverAnswer[] }) {
  const say = useWords();
  const format = useFormat();
  const problems = answers.flatMap(({ problem }) => problem ?? []);
  return (
    <div ref={intoSight} className={styles.question}>
      <Verdict question={question} answers={answers} />
      <div className={styles.asked}>
        {say('routes.question')} <ForeignText text={question} kind="code" />
      </div>
      <div className={styles.frame}>
        <Table label={question} rowCount={answers.length + 1} columnCount={4} className={styles.answers}>
          <TableHead>
            <HeaderCell>{say('routes.asked')}</HeaderCell>
            <HeaderCell>{say('routes.state')}</HeaderCell>
            <HeaderCell>{say('routes.answer')}</HeaderCell>
            <HeaderCell>{say('routes.time')}</HeaderCell>
          </TableHead>
          {answers.map((one, index) => (
            <TableRow key={`${one.kind} ${one.resolver}`} index={index + 2} className={styles.row}>
              <TableCell>
                <span className={styles.two}>
                  <span>{say(kindWords[one.kind])}</span>
                  {one.resolver === '' ? null : (
                    <ForeignText text={one.resolver} kind="code" className={styles.second} />
                  )}
                </span>
              </TableCell>
              <TableCell>
                <AnswerBadge answer={one} />
              </TableCell>
              <TableCell kind="code">
                <span className={styles.two}>
                  {one.answers.length === 0 ? '–' : <ForeignText text={one.answers.join(', ')} kind="lines" />}
                </span>
              </TableCell>
              <TableCell kind="number">{format.took(one.milliseconds)}</TableCell>
            </TableRow>
          ))}
        </Table>
      </div>
      {problems.map((problem) => (
        <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} />
      ))}
    </div>
  );
}

function AnswerBadge({ answer }: { readonly answer: ResolverAnswer }) {
  const say = useWords();
  if (answer.problem !== null) {
    return <Badge tone={answer.problem.severity === 'warning' ? 'careful' : 'bad'}>{say('routes.answerBad')}</Badge>;
  }
  return answer.answers.length > 0 ? (
    <Badge tone="fine">{say('routes.answers')}</Badge>
  ) : (
    <Badge mark={<Minus className={badgeStyles.mark} aria-hidden="true" />}>{say('routes.unknownName')}</Badge>
  );
}
