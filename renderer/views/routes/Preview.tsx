import { ArrowLeftRight, Box, Globe } from 'lucide-react';
import { previewRoutes } from '../../actions/preview-routes.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { CodeChips } from '../../parts/CodeChips.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { useAnswer, useApp, useMirror } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import styles from './Routes.module.css';
import { RoutesTable } from './RoutesTable.tsx';
import { modeWords } from './route-words.ts';

/** While the cluster is off: what switching it on would change on this computer. Asking changes nothing. */
export function Preview({ subject }: { readonly subject: string }) {
  const say = useWords();
  const run = useRunAction();
  const answer = useAnswer(useApp().inquiries.preview, subject);
  const isHelperReady = useMirror(({ snapshot }) => snapshot?.helper.state === 'ready');
  const isAsking = answer?.isAsking ?? false;
  const preview = answer?.value ?? null;
  return (
    <Section
      title={say('routes.previewTitle')}
      hint={say('routes.previewHint')}
      actions={
        preview === null ? undefined : (
          <Button size="small" icon={previewRoutes.icon} disabled={isAsking} onClick={() => run(previewRoutes)}>
            {say('routes.previewAgain')}
          </Button>
        )
      }
    >
      {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
      {preview !== null ? (
        <div className={styles.stack}>
          <RoutesTable routes={preview.routes} />
          <Facts label={say('routes.previewTitle')}>
            <Fact name={say('routes.modeName')}>{say(modeWords[preview.resolverMode] ?? 'routes.mode.off')}</Fact>
            <Fact name={say('routes.upstreams')}>
              <CodeChips values={preview.upstreams} none={say('routes.none')} />
            </Fact>
            <Fact name={say('routes.agent')}>
              {say(preview.agent.delivery === 'sent' ? 'routes.agentSent' : 'routes.agentImage')}
              <CodeChips values={[preview.agent.namespace, preview.agent.image]} none={say('routes.none')} />
            </Fact>
          </Facts>
        </div>
      ) : isAsking ? (
        <SkeletonRows count={4} label={say('routes.asking')} />
      ) : (
        <div className={styles.frame}>
          <div className={styles.plan}>
            <ul className={styles.points}>
              <Point icon={ArrowLeftRight} words={say('routes.pointRoutes')} />
              <Point icon={Globe} words={say('routes.pointNames')} />
              <Point icon={Box} words={say('routes.pointAgent')} />
              {isHelperReady ? null : <li className={styles.second}>{say('routes.previewPassword')}</li>}
            </ul>
            <Button kind="primary" icon={previewRoutes.icon} onClick={() => run(previewRoutes)}>
              {say('routes.preview')}
            </Button>
          </div>
        </div>
      )}
    </Section>
  );
}

function Point({ icon: Icon, words }: { readonly icon: typeof Box; readonly words: string }) {
  return (
    <li className={styles.point}>
      <Icon className={styles.icon} aria-hidden="true" />
      <ForeignText text={words} kind="lines" />
    </li>
  );
}
