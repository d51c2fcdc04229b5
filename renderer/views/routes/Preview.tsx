import { ArrowLeftRight, Box, Globe } from 'lucide-react';
import { useEffect } from 'react';
import { type Context, keyText } from '../../../app/contract/index.ts';
import { previewRoutes } from '../../actions/preview-routes.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { CodeChips } from '../../parts/CodeChips.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { RootProgram } from '../../parts/RootProgram.tsx';
import { Section } from '../../parts/Section.tsx';
import { useAnswer, useApp, useMirror, useWho } from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { useWords } from '../../words/words.ts';
import styles from './Routes.module.css';
import { RoutesTable } from './RoutesTable.tsx';
import { modeWords } from './route-words.ts';

/** Milliseconds that one rests on a cluster before it is asked: who leafs through the list asks none. */
const rest = 300;

/** While the cluster is off: what switching it on would change on this computer. Asking changes nothing. */
export function Preview({ context }: { readonly context: Context }) {
  const subject = keyText(contextKey(context));
  const say = useWords();
  const run = useRunAction();
  const answer = useAnswer(useApp().inquiries.preview, subject);
  const isHelperReady = useMirror(({ snapshot }) => snapshot?.helper.state === 'ready');
  const isLive = useMirror(({ link }) => link.kind === 'live');
  // By itself only where looking opens no login, runs no program of the kubeconfig and asks for no password.
  const isAskedAlone = answer === null && isLive && isHelperReady && context.confirmed && context.execPlugin === null;
  useEffect(() => {
    if (isAskedAlone) {
      const timer = setTimeout(() => run(previewRoutes), rest);
      return () => clearTimeout(timer);
    }
  }, [isAskedAlone, run]);
  const isAsking = isAskedAlone || (answer?.isAsking ?? false);
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
          <RoutesTable
            routes={preview.routes}
            context={contextKey(context)}
            isPlanned
            changed={() => run(previewRoutes)}
          />
          <Facts label={say('routes.previewTitle')}>
            <Fact name={say('routes.modeName')}>{say(modeWords[preview.resolverMode] ?? 'routes.mode.off')}</Fact>
            <Fact name={say('routes.upstreams')}>
              <CodeChips values={preview.upstreams} none={say('routes.none')} />
            </Fact>
            <Fact name={say('routes.agentIn')}>
              <CodeChips values={[preview.agent.namespace]} none={say('routes.none')} />
            </Fact>
            <Fact name={say('routes.agentOf')}>
              <CodeChips values={[preview.agent.image]} none={say('routes.none')} />
              <span className={styles.second}>
                {say(preview.agent.delivery === 'sent' ? 'routes.agentSent' : 'routes.agentImage')}
              </span>
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
              <Why context={context} />
            </ul>
            {context.confirmed ? (
              <Button icon={previewRoutes.icon} onClick={() => run(previewRoutes)}>
                {say('routes.preview')}
              </Button>
            ) : null}
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

/** Why it is not asked by itself. */
function Why({ context }: { readonly context: Context }) {
  const say = useWords();
  const who = useWho();
  const words = !context.confirmed
    ? 'home.previewUnconfirmed'
    : context.execPlugin === null
      ? 'routes.previewPassword'
      : 'home.previewPlugin';
  return (
    <li className={styles.second}>
      {words === 'routes.previewPassword' ? say(words, { who }) : say(words)}
      <RootProgram />
    </li>
  );
}
