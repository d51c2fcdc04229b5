import { useEffect } from 'react';
import type { CommandOutput, Context, Route } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { useMirror } from '../../store/hooks.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { useAnswer } from './use-answer.ts';

/** Milliseconds that one rests on a cluster before it is asked: who leafs through the list asks none. */
const rest = 300;

/**
 * What switching on would change. A confirmed cluster is asked by itself, except where that would run a program of the
 * kubeconfig: looking at a page must not open a login.
 */
export function RoutesPreview({ context }: { readonly context: Context }) {
  const say = useWords();
  const [answer, ask] = useAnswer('previewRoutes');
  const isLive = useMirror((mirror) => mirror.link.kind === 'live');
  const isAskedAlone = isLive && context.confirmed && context.execPlugin === null;
  const { name } = context;
  useEffect(() => {
    if (isAskedAlone) {
      const timer = setTimeout(() => ask({ context: name }), rest);
      return () => clearTimeout(timer);
    }
  }, [isAskedAlone, ask, name]);
  return (
    <section className={styles.section} aria-label={say('home.previewTitle')}>
      <div className={styles.sectionHead}>
        <h2 className={styles.heading}>{say('home.previewTitle')}</h2>
        {answer.state === 'present' || answer.state === 'failed' ? (
          <Button size="small" kind="ghost" onClick={() => ask({ context: name })}>
            {say('home.previewAgain')}
          </Button>
        ) : null}
      </div>
      {answer.state === 'present' ? (
        <Preview preview={answer.value} />
      ) : answer.state === 'failed' ? (
        <ProblemCard problem={answer.problem} />
      ) : answer.state === 'loading' || isAskedAlone ? (
        <Card className={styles.wait}>
          <SkeletonRows count={3} label={say('home.previewLoading')} />
        </Card>
      ) : (
        <Card className={styles.inline}>
          <span className={styles.inlineWords}>
            {context.confirmed ? say('home.previewPlugin') : say('home.previewUnconfirmed')}
          </span>
          {context.confirmed ? (
            <Button size="small" onClick={() => ask({ context: name })}>
              {say('home.previewAsk')}
            </Button>
          ) : null}
        </Card>
      )}
    </section>
  );
}

const kindWords: Readonly<Record<Route['kind'], WordId>> = {
  services: 'home.kindServices',
  pods: 'home.kindPods',
  extra: 'home.kindExtra',
};

function Preview({ preview }: { readonly preview: CommandOutput<'previewRoutes'> }) {
  const say = useWords();
  const { routes, resolverMode, upstreams, agent } = preview;
  const names: WordId =
    resolverMode === 'off'
      ? 'home.previewNamesOff'
      : resolverMode === 'resolved'
        ? 'home.previewNamesResolved'
        : 'home.previewNamesResolvConf';
  return (
    <Card>
      <ul className={styles.rows}>
        {routes.map((route) => (
          <li key={`${route.kind} ${route.prefix}`}>
            <ForeignText text={route.prefix} kind="code" />
            <span className={styles.second}>
              {say(kindWords[route.kind])}
              {route.conflict === '' ? null : (
                <>
                  {' · '}
                  {say('home.conflict', { prefix: route.conflict, name: route.interface })}
                </>
              )}
            </span>
            <Badge tone={route.decision === 'routed' ? 'fine' : route.decision === 'refused' ? 'careful' : 'plain'}>
              {say(`home.decision.${route.decision}`)}
            </Badge>
          </li>
        ))}
        <li>
          <span>{say('home.previewNames')}</span>
          <span className={styles.second}>
            {say(names)}
            {upstreams.length === 0 ? null : (
              <>
                {' · '}
                {say('home.upstreams')} <ForeignText text={upstreams.join(', ')} kind="code" />
              </>
            )}
          </span>
        </li>
        <li>
          <span>{say('home.previewAgent')}</span>
          <span className={styles.second}>
            {say('home.inNamespace')} <ForeignText text={agent.namespace} bound={63} /> ·{' '}
            <ForeignText text={agent.image} kind="code" />
          </span>
        </li>
      </ul>
    </Card>
  );
}
