import { Route } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ExplainStep, Explanation } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { TextInput } from '../../kit/TextInput.tsx';
import { FoundText } from '../../parts/FoundText.tsx';
import { Section } from '../../parts/Section.tsx';
import { TimeSplit } from '../../parts/TimeSplit.tsx';
import { Verdict, Verdicts } from '../../parts/Verdict.tsx';
import { useAnswer, useApp, useWindow } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './Diagnostics.module.css';

const stepNames: Readonly<Record<ExplainStep['step'], WordId>> = {
  name: 'diagnostics.explain.name',
  resolver: 'diagnostics.explain.resolver',
  address: 'diagnostics.explain.address',
  route: 'diagnostics.explain.route',
  interface: 'diagnostics.explain.interface',
  tunnel: 'diagnostics.explain.tunnel',
  endpoint: 'diagnostics.explain.endpoint',
  connection: 'diagnostics.explain.connection',
  http: 'diagnostics.explain.http',
};

const stateWords = {
  good: 'diagnostics.good',
  bad: 'diagnostics.bad',
  'not-checked': 'diagnostics.notChecked',
} as const;

const results: Readonly<Record<Explanation['verdict']['result'], WordId>> = {
  reached: 'diagnostics.explain.reached',
  leads: 'diagnostics.explain.leads',
  stopped: 'diagnostics.explain.stopped',
  outside: 'diagnostics.explain.outside',
  off: 'diagnostics.explain.off',
};

/** `slipway explain` for the chosen cluster: what happens to a packet to a name or an address, and what stops it. */
export function Explain({ subject }: { readonly subject: string }) {
  const say = useWords();
  const { inquiries, window: shown } = useApp();
  const field = useRef<HTMLInputElement>(null);
  const isWanted = useWindow((state) => state.isExplaining);
  const explained = useWindow((state) => state.explained);
  const chosen = useWindow((state) => state.chosen);
  const [target, setTarget] = useState('');
  const answer = useAnswer(inquiries.explanation, subject);
  const isAsking = answer?.isAsking ?? false;
  useEffect(() => {
    if (isWanted) {
      field.current?.focus();
      field.current?.select();
    }
  }, [isWanted]);
  useEffect(() => {
    if (explained !== null && chosen !== null) {
      shown.setState({ explained: null });
      setTarget(explained);
      void inquiries.explanation.ask(subject, { ...chosen, target: explained });
    }
  }, [explained, chosen, subject, shown, inquiries]);
  // A browser tells no blur of a field that goes with its page.
  useEffect(() => () => shown.setState({ isExplaining: false }), [shown]);
  return (
    <Section title={say('diagnostics.explain')} hint={say('diagnostics.explainHint')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen !== null && target.trim() !== '') {
            void inquiries.explanation.ask(subject, { ...chosen, target: target.trim() });
          }
        }}
      >
        <div className={styles.target}>
          <TextInput
            ref={field}
            value={target}
            onChange={setTarget}
            onBlur={() => shown.setState({ isExplaining: false })}
            isCode
            maxLength={253}
            aria-label={say('diagnostics.explainTarget')}
            placeholder={say('diagnostics.explainTarget')}
          />
        </div>
        <Button type="submit" icon={Route} aria-busy={isAsking} disabled={isAsking || chosen === null}>
          {say(isAsking ? 'diagnostics.explaining' : 'diagnostics.explainIt')}
        </Button>
      </form>
      <div aria-live="polite">
        {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
        {answer?.value ? (
          <Way explanation={answer.value} />
        ) : isAsking ? (
          <SkeletonRows count={6} label={say('diagnostics.explaining')} />
        ) : null}
      </div>
    </Section>
  );
}

function Way({ explanation: { steps, times, verdict } }: { readonly explanation: Explanation }) {
  const say = useWords();
  const format = useFormat();
  const isSaidAbove = steps.some(({ problem }) => problem !== null);
  return (
    <>
      <Verdicts label={say('diagnostics.explain')}>
        {steps.map((step, index) => (
          <Verdict
            // biome-ignore lint/suspicious/noArrayIndexKey: several resolvers are one kind of step; the list is made whole
            key={`${step.step} ${index}`}
            state={step.state}
            words={say(stateWords[step.state])}
            name={say(stepNames[step.step])}
            problem={step.problem}
            aside={step.milliseconds >= 1 ? format.took(step.milliseconds) : undefined}
          >
            {step.problem === null ? <FoundText found={step} kind="lines" /> : null}
          </Verdict>
        ))}
      </Verdicts>
      {times === null ? null : <TimeSplit times={times} />}
      <p className={styles.quiet}>
        <strong>{say(results[verdict.result])}</strong>{' '}
        {isSaidAbove ? null : <FoundText found={verdict} kind="lines" />}
      </p>
      {verdict.problem !== null && !isSaidAbove ? <ProblemCard problem={verdict.problem} /> : null}
    </>
  );
}
