import { useMemo } from 'react';
import { type Connection, type Context, isSameKey, type Service } from '../../../app/contract/index.ts';
import { sayRefusal } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { stateOf } from '../../parts/connection-state.ts';
import { NamespaceChoice } from '../../parts/NamespaceChoice.tsx';
import { useNow } from '../../parts/use-now.ts';
import {
  useHomeNamespace,
  useIsLive,
  useListedServices,
  useMirror,
  useServices,
  useWindow,
} from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { useFormat } from '../../words/format.ts';
import { type Say, useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { useNamespaces } from './use-namespaces.ts';

const none: readonly Service[] = [];

/** Since when, whose short names resolve, and as whom. */
export function ClusterSubtitle({
  context,
  connection,
}: {
  readonly context: Context;
  readonly connection: Connection | null;
}) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(1000);
  const isLive = useIsLive();
  const heardAt = useMirror((mirror) => mirror.heardAt);
  return (
    <span className={styles.subtitle}>
      <span>
        {stateOf(connection, isLive) === 'unknown'
          ? say('home.asOf', { time: format.clock(heardAt) })
          : sinceWords(say, context, connection, (from) => format.duration(now - from))}
      </span>
      <HomeNamespace context={context} connection={connection} />
      {context.user === '' ? null : (
        <span className={styles.fact}>
          {say('home.user')} <ForeignText text={context.user} bound={80} />
        </span>
      )}
    </span>
  );
}

function sinceWords(
  say: Say,
  { lastUsedAt }: Context,
  connection: Connection | null,
  since: (from: number) => string,
): string {
  switch (connection?.phase) {
    case 'connected': {
      const isBroken = connection.degraded.some(({ severity }) => severity === 'error');
      return say(isBroken ? 'home.degradedFor' : 'home.connectedFor', { time: since(connection.since) });
    }
    case 'reconnecting':
      return say('home.lostFor', { time: since(connection.lostAt) });
    case 'preparing':
      return say('home.preparingFor', { time: since(connection.startedAt) });
    case 'disconnecting':
      return say('home.disconnectingFor', { time: since(connection.startedAt) });
    case 'failed':
      return say('home.failedAgo', { time: since(connection.at) });
    default:
      return lastUsedAt === null ? say('home.neverUsed') : say('home.lastUsed', { time: since(lastUsedAt) });
  }
}

/** The namespace whose bare names resolve: chosen here, while it is connected or for the next time. */
function HomeNamespace({ context, connection }: { readonly context: Context; readonly connection: Connection | null }) {
  const say = useWords();
  const actions = useActionContext();
  const streamed = useServices((state) => state.namespaces);
  const listed = useListedServices((state) => (isSameKey(state.context, contextKey(context)) ? state.rows : none));
  const seen = useMemo(
    () => (connection?.phase === 'connected' ? streamed : [...new Set(listed.map(({ namespace }) => namespace))]),
    [connection?.phase, streamed, listed],
  );
  const chosen = useWindow((state) => state.chosen) ?? contextKey(context);
  const home = useHomeNamespace(contextKey(context));
  const namespaces = useNamespaces(
    chosen,
    seen,
    useMemo(() => (home === '' ? [] : [home]), [home]),
  );
  return (
    <span className={styles.fact}>
      {say('home.homeNamespace')}{' '}
      <NamespaceChoice
        label={say('home.homeNamespaceLabel')}
        value={home}
        none={say('home.noHome')}
        namespaces={namespaces}
        onChange={async (namespace) => {
          const { app } = actions;
          const result = await app.host.link.call('setHomeNamespace', { ...contextKey(context), namespace });
          if (result.ok) {
            app.toasts.getState().show({ tone: 'fine', text: say('home.homeChanged', { namespace }) });
          } else {
            sayRefusal(actions, result.problem);
          }
        }}
      />
    </span>
  );
}
