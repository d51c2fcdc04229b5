import { useMemo } from 'react';
import { type ContextKey, isSameKey, type Pod, portText } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useApp, useListedServices, useServices } from '../../store/hooks.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { Section } from '../services/Section.tsx';
import styles from '../services/ServicePanel.module.css';

/** Why the pod is not as it should be, in the words of kubelet and scheduler; nothing where it is. */
export function ReasonList({ pod }: { readonly pod: Pod }) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const restarted =
    pod.restartedAt === null || pod.restarts === 0
      ? null
      : say('pods.restarted', { count: pod.restarts, ago: format.duration(now - pod.restartedAt) });
  if (pod.reasons.length === 0 && restarted === null) {
    return null;
  }
  return (
    <Section title={say('pods.why')}>
      <ul className={styles.list}>
        {pod.reasons.map(({ container, word, exitCode, message }) => (
          <li key={`${container} ${word}`}>
            <strong>
              <ForeignText text={word === 'NotReady' ? say('pods.notReady') : word} />
            </strong>
            {exitCode === null ? null : <> · {say('pods.exitCode', { code: exitCode })}</>}
            {container === '' ? null : (
              <>
                {' · '}
                <ForeignText text={container} kind="code" />
              </>
            )}
            {message === '' ? null : (
              <div className={styles.hint}>
                <ForeignText text={message} kind="lines" bound={600} />
              </div>
            )}
          </li>
        ))}
        {restarted === null ? null : <li>{restarted}</li>}
      </ul>
    </Section>
  );
}

/** What the pod is made of. */
export function ContainerList({ pod }: { readonly pod: Pod }) {
  const say = useWords();
  return (
    <Section title={say('pods.containers')} detail={<span>{pod.containers.length}</span>}>
      <ul className={styles.list}>
        {pod.containers.map(({ name, image, kind, ready, state, restarts, ports }) => (
          <li key={`${kind} ${name}`}>
            <span className={styles.container}>
              <ForeignText text={name} kind="code" />
              {kind === 'app' ? null : ` · ${kind === 'init' ? say('pods.init') : say('pods.sidecar')}`}
              {ports.length === 0 ? null : (
                <>
                  {' · '}
                  <ForeignText text={ports.map(portText).join(', ')} />
                </>
              )}
              {restarts === 0 ? null : ` · ${say('pods.restarts', { count: restarts })}`}
              <Badge tone={ready ? 'fine' : kind === 'init' ? 'plain' : 'careful'}>
                {cleanText(state, 40) || say('pods.statusUnknown')}
              </Badge>
            </span>
            <span className={styles.pod}>
              <ForeignText text={image} kind="code" />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The Services that lead to this pod, by the pods that their endpoints name. */
export function ServicesOfPod({ context, pod }: { readonly context: ContextKey; readonly pod: Pod }) {
  const say = useWords();
  const { window: store } = useApp();
  const streamed = useServices((state) => (isSameKey(state.context, context) ? state.rows : null));
  const listed = useListedServices((state) => (isSameKey(state.context, context) ? state.rows : null));
  const rows = streamed ?? listed;
  const isComing = useServices((state) => isSameKey(state.context, context) && state.state === 'loading');
  const { namespace, name } = pod;
  const found = useMemo(
    () =>
      (rows ?? []).filter(
        (service) => service.namespace === namespace && service.endpoints.some((endpoint) => endpoint.pod === name),
      ),
    [rows, namespace, name],
  );
  if (rows === null) {
    return null;
  }
  return (
    <Section title={say('pods.services')}>
      {found.length === 0 ? (
        <p className={styles.hint}>{say(isComing ? 'services.loading' : 'pods.noServices')}</p>
      ) : (
        <div className={styles.buttons}>
          {found.map((service) => {
            const at = { namespace: service.namespace, name: service.name };
            return (
              <Button
                key={serviceKey(at)}
                size="small"
                onClick={() => store.setState({ tab: 'services', service: at, cursor: at })}
              >
                {cleanText(service.name, 60)}
              </Button>
            );
          })}
        </div>
      )}
    </Section>
  );
}
