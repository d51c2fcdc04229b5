import { useEffect } from 'react';
import type { Proof } from '../../../app/contract/index.ts';
import { Badge, type Tone } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { useAnswer } from './use-answer.ts';

const proofWords: Readonly<Record<Proof['proof'], WordId>> = {
  interface: 'home.proofInterface',
  routes: 'home.proofRoutes',
  resolver: 'home.proofResolver',
  journal: 'home.proofJournal',
  cluster: 'home.proofCluster',
};
const verdicts: Readonly<Record<Proof['state'], readonly [Tone, WordId]>> = {
  good: ['fine', 'home.proofGood'],
  bad: ['bad', 'home.proofBad'],
  'not-checked': ['plain', 'home.proofNotChecked'],
};

/** After switching off: what a look at this computer and at the cluster found of ours. */
export function OffProof({ context }: { readonly context: string }) {
  const say = useWords();
  const [answer, ask] = useAnswer('proveOff');
  useEffect(() => ask({ context }), [ask, context]);
  const isClean = answer.state === 'present' && answer.value.proofs.every(({ state }) => state !== 'bad');
  return (
    <section className={styles.section} aria-label={say('home.proofTitle')}>
      <div className={styles.sectionHead}>
        <h2 className={styles.heading} role="status">
          {answer.state !== 'present'
            ? say('home.proofTitle')
            : isClean
              ? say('home.proofClean')
              : say('home.proofLeft')}
        </h2>
        <Button size="small" kind="ghost" disabled={answer.state === 'loading'} onClick={() => ask({ context })}>
          {say('home.proofAgain')}
        </Button>
      </div>
      {answer.state === 'failed' ? (
        <ProblemCard problem={answer.problem} />
      ) : answer.state === 'present' ? (
        <Card>
          <ul className={styles.rows}>
            {answer.value.proofs.map(({ proof, state, answer: found, problem }) => (
              <li key={proof}>
                <span>{say(proofWords[proof])}</span>
                <span className={styles.second}>
                  <ForeignText text={problem?.cause || found} />
                </span>
                <Badge tone={verdicts[state][0]}>{say(verdicts[state][1])}</Badge>
              </li>
            ))}
          </ul>
        </Card>
      ) : (
        <Card className={styles.wait}>
          <SkeletonRows count={4} label={say('home.proofLooking')} />
        </Card>
      )}
    </section>
  );
}
