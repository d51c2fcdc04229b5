import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Step, type StepDone, stepSchema } from '../../../app/contract/index.ts';
import { classes } from '../../kit/classes.ts';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './StepList.module.css';

const longWords: Readonly<Record<Step, WordId>> = {
  cluster: 'home.stepCluster',
  helper: 'home.stepHelper',
  agent: 'home.stepAgent',
  tunnel: 'home.stepTunnel',
  routes: 'home.stepRoutes',
  names: 'home.stepNames',
  verify: 'home.stepVerify',
};

export interface PresentStep {
  readonly step: Step;
  readonly state: 'running' | 'failed';
  /** Milliseconds that it runs already; null where that is not known. */
  readonly milliseconds: number | null;
  readonly detail?: ReactNode;
}

/** The steps of connecting: those that are done with their times, the one that runs or failed, those to come. */
export function StepList({ done, present }: { readonly done: readonly StepDone[]; readonly present: PresentStep }) {
  const say = useWords();
  const format = useFormat();
  return (
    <ol className={styles.steps} aria-label={say('home.steps')}>
      {inOrder(done, present).map((step) => {
        const ended = done.find((one) => one.step === step);
        const state =
          step === present.step
            ? present.state
            : ended !== undefined
              ? 'done'
              : present.state === 'failed'
                ? 'unreached'
                : 'waiting';
        const took = step === present.step ? present.milliseconds : (ended?.milliseconds ?? null);
        return (
          <li
            key={step}
            className={classes(styles.step, styles[state])}
            aria-current={step === present.step ? 'step' : undefined}
          >
            <span className={styles.mark} aria-hidden="true">
              {state === 'done' ? <Check /> : state === 'failed' ? <X /> : null}
            </span>
            <span className={styles.words}>
              {say(longWords[step])}
              <VisuallyHidden> {say(`home.step.${state}`)}</VisuallyHidden>
            </span>
            <span className={styles.time}>{took === null ? '' : format.took(took)}</span>
            {step === present.step && present.detail !== undefined ? (
              <div className={styles.detail}>{present.detail}</div>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

/** Some steps run side by side: the one that failed stands before those that it left undone. */
function inOrder(done: readonly StepDone[], present: PresentStep): readonly Step[] {
  const all = stepSchema.options;
  if (present.state !== 'failed') {
    return all;
  }
  const isDone = (step: Step) => done.some((one) => one.step === step);
  const others = all.filter((step) => step !== present.step);
  return [...others.filter(isDone), present.step, ...others.filter((step) => !isDone(step))];
}
