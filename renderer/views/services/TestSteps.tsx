import { Check, Minus, X } from 'lucide-react';
import type { TestStep } from '../../../app/contract/index.ts';
import { classes } from '../../kit/classes.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Progress } from '../../kit/Progress.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { FoundText } from '../../parts/FoundText.tsx';
import { TimeSplit } from '../../parts/TimeSplit.tsx';
import type { ServiceTest } from '../../store/service-tests.ts';
import { useFormat } from '../../words/format.ts';
import { problemWords } from '../../words/problem-words.ts';
import { useIntl, useWords, type WordId } from '../../words/words.ts';
import styles from './ServicePanel.module.css';

const stepWords: Readonly<Record<TestStep['step'], WordId>> = {
  name: 'services.stepName',
  route: 'services.stepRoute',
  tunnel: 'services.stepTunnel',
  endpoint: 'services.stepEndpoint',
  connection: 'services.stepConnection',
  http: 'services.stepHttp',
};

const marks: Readonly<
  Record<TestStep['state'], { tone: 'good' | 'bad' | 'unknown'; icon: typeof Check; words: WordId }>
> = {
  good: { tone: 'good', icon: Check, words: 'services.stepGood' },
  bad: { tone: 'bad', icon: X, words: 'services.stepBad' },
  'not-checked': { tone: 'unknown', icon: Minus, words: 'services.stepNotChecked' },
};

/** Milliseconds under which a time says nothing (the step looked at what was known). */
const leastShown = 0.05;

/** Letters of a reason or an advice; ours have names of the cluster in them. */
const longest = 1000;

/** What was waited for is looked at. */
const intoSight = (found: HTMLElement | null) => found?.scrollIntoView({ block: 'nearest' });

/** The way to the Service, step by step, each with its time or with what stopped it. */
export function TestSteps({ test }: { readonly test: ServiceTest | null }) {
  const say = useWords();
  const intl = useIntl();
  if (test === null) {
    return <p className={styles.hint}>{say('services.testHint')}</p>;
  }
  if (test.state === 'running') {
    return <Progress text={say('services.testing')} fraction={null} />;
  }
  if (test.problem !== null) {
    const { title, cause } = problemWords(intl, test.problem);
    return (
      <p className={styles.reason} role="status">
        {title}: <ForeignText text={cause} kind="lines" bound={longest} />
      </p>
    );
  }
  return (
    <div ref={intoSight} aria-live="polite">
      <ol className={styles.list}>
        {test.steps.map((step) => (
          <li key={step.step} className={styles.step}>
            <Step step={step} />
          </li>
        ))}
      </ol>
      {test.times === null ? null : <TimeSplit times={test.times} />}
    </div>
  );
}

function Step({ step }: { readonly step: TestStep }) {
  const say = useWords();
  const format = useFormat();
  const intl = useIntl();
  const { tone, icon: Icon, words } = marks[step.state];
  const problem = step.problem === null ? null : problemWords(intl, step.problem);
  const advice = problem?.fixes.find(({ kind }) => kind === 'advice');
  return (
    <>
      <span className={classes(styles.mark, styles[tone])}>
        <Icon aria-hidden="true" />
        <VisuallyHidden>{say(words)}</VisuallyHidden>
      </span>
      <span className={styles.stepWords}>{say(stepWords[step.step])}</span>
      <span className={styles.time}>
        {step.state === 'not-checked' || step.milliseconds < leastShown ? '' : format.took(step.milliseconds)}
      </span>
      {problem === null && step.answer !== '' ? (
        <span className={styles.answer}>
          <FoundText found={step} />
        </span>
      ) : null}
      {problem === null ? null : (
        <span className={styles.reason}>
          {problem.title}
          {problem.cause !== '' ? (
            <>
              : <ForeignText text={problem.cause} kind="lines" bound={longest} />
            </>
          ) : null}
        </span>
      )}
      {advice === undefined ? null : (
        <span className={styles.fix}>
          <ForeignText text={advice.text} kind="lines" bound={longest} />
        </span>
      )}
    </>
  );
}
