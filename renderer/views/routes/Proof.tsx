import type { Proof as OneProof } from '../../../app/contract/index.ts';
import { proveOff } from '../../actions/prove-off.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { Section } from '../../parts/Section.tsx';
import { Verdict, Verdicts } from '../../parts/Verdict.tsx';
import { useAnswer, useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { proofWords } from '../diagnostics/check-words.ts';

const names: Readonly<Record<OneProof['proof'], { readonly name: WordId; readonly gone: WordId }>> = {
  interface: { name: 'routes.proof.interface', gone: 'routes.gone.interface' },
  routes: { name: 'routes.proof.routes', gone: 'routes.gone.routes' },
  resolver: { name: 'routes.proof.resolver', gone: 'routes.gone.resolver' },
  journal: { name: 'routes.proof.journal', gone: 'routes.gone.journal' },
  cluster: { name: 'routes.proof.cluster', gone: 'routes.gone.cluster' },
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
          {answer.value.proofs.map(({ proof, state, answer: found, problem }) => (
            <Verdict
              key={proof}
              state={state}
              words={say(stateWords[state])}
              name={say(names[proof].name)}
              problem={problem}
            >
              {state === 'good' ? say(names[proof].gone) : problem === null ? <NotChecked answer={found} /> : null}
            </Verdict>
          ))}
        </Verdicts>
      ) : isAsking ? (
        <SkeletonRows count={5} label={say('routes.asking')} />
      ) : null}
    </Section>
  );
}

function NotChecked({ answer }: { readonly answer: string }) {
  const say = useWords();
  const said = proofWords(answer);
  return said === null ? <ForeignText text={answer} kind="lines" /> : say(said.id, said.values);
}
