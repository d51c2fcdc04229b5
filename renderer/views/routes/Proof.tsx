import type { Proof as OneProof } from '../../../app/contract/index.ts';
import { proveOff } from '../../actions/prove-off.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { FoundText } from '../../parts/FoundText.tsx';
import { Section } from '../../parts/Section.tsx';
import { Verdict, Verdicts } from '../../parts/Verdict.tsx';
import { useAnswer, useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';

const names: Readonly<Record<OneProof['proof'], WordId>> = {
  interface: 'routes.proof.interface',
  routes: 'routes.proof.routes',
  resolver: 'routes.proof.resolver',
  journal: 'routes.proof.journal',
  cluster: 'routes.proof.cluster',
};

const stateWords = { good: 'routes.clean', bad: 'routes.left', 'not-checked': 'routes.notChecked' } as const;

/** After switching off: a look at the computer and the cluster for anything that is left. It is made by itself once. */
export function Proof({ subject }: { readonly subject: string }) {
  const say = useWords();
  const format = useFormat();
  const run = useRunAction();
  const answer = useAnswer(useApp().inquiries.proof, subject);
  const isAsking = answer?.isAsking ?? false;
  return (
    <Section
      title={say('routes.proofTitle')}
      hint={
        answer !== null && answer.at > 0
          ? say('routes.provedAt', { time: format.clock(answer.at) })
          : say('routes.proofHint')
      }
      actions={
        <Button size="small" icon={proveOff.icon} disabled={isAsking} onClick={() => run(proveOff)}>
          {answer === null ? say('routes.prove') : say('routes.proveAgain')}
        </Button>
      }
    >
      {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
      {answer?.value ? (
        <Verdicts label={say('routes.proofTitle')}>
          {answer.value.proofs.map(({ proof, state, problem, ...found }) => (
            <Verdict
              key={proof}
              state={state}
              words={say(stateWords[state])}
              name={say(names[proof])}
              problem={problem}
            >
              {problem === null ? <FoundText found={found} kind="lines" /> : null}
            </Verdict>
          ))}
        </Verdicts>
      ) : isAsking ? (
        <SkeletonRows count={5} label={say('routes.asking')} />
      ) : null}
    </Section>
  );
}
