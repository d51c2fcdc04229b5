import type { ContextKey, EstablishedConnection } from '../../../app/contract/index.ts';
import { Tabs } from '../../kit/Tabs.tsx';
import { useApp, useIsLive, useServices, useWindow } from '../../store/hooks.ts';
import { knownCount } from '../../store/list-feed.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { AgentTab } from '../agent/AgentTab.tsx';
import { PodsTab } from '../pods/PodsTab.tsx';
import { RoutesTab } from '../routes/RoutesTab.tsx';
import { ServicesTab } from '../services/ServicesTab.tsx';
import styles from './ClusterView.module.css';
import { DegradedNotice } from './DegradedNotice.tsx';
import { FigureCards } from './FigureCards.tsx';
import { ReconnectingNotice } from './ReconnectingNotice.tsx';

/** On: its figures, and what it brings. A short loss takes nothing from the page. */
export function ConnectedStage({
  context,
  connection,
}: {
  readonly context: ContextKey;
  readonly connection: EstablishedConnection;
}) {
  const say = useWords();
  const format = useFormat();
  const app = useApp();
  const isLive = useIsLive();
  const tab = useWindow((state) => state.tab);
  const count = useServices(knownCount);
  return (
    <div className={styles.live}>
      {!isLive ? null : connection.phase === 'reconnecting' ? (
        <ReconnectingNotice connection={connection} />
      ) : (
        <DegradedNotice problems={connection.degraded} />
      )}
      {isLive ? <FigureCards connection={connection} /> : null}
      <Tabs
        label={say('home.tabs')}
        value={tab}
        onChange={(next) => app.window.setState({ tab: next })}
        tabs={[
          {
            value: 'services',
            words: say('home.tabServices'),
            ...(count === null ? {} : { count: format.number(count) }),
          },
          { value: 'pods', words: say('home.tabPods') },
          { value: 'routes', words: say('home.tabRoutes') },
          { value: 'agent', words: say('home.tabAgent') },
        ]}
      >
        {tab === 'services' ? (
          <ServicesTab context={context} />
        ) : tab === 'pods' ? (
          <PodsTab context={context} />
        ) : tab === 'agent' ? (
          <AgentTab context={context} connection={connection} />
        ) : (
          <RoutesTab context={context} connection={connection} />
        )}
      </Tabs>
    </div>
  );
}
