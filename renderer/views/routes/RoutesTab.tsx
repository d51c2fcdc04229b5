import { type ContextKey, type EstablishedConnection, isRouted, keyText } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Section } from '../../parts/Section.tsx';
import { useChosenConnection, useCounters, useIsLive } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { NamesInForce } from './NamesInForce.tsx';
import { ProxyPart } from './ProxyPart.tsx';
import { ResolverTest } from './ResolverTest.tsx';
import styles from './Routes.module.css';
import { RoutesTable } from './RoutesTable.tsx';

/** Body of the tab "Routes and names" while the chosen context is on. Scrolls by itself. */
export function RoutesTab({
  context,
  connection,
}: {
  readonly context: ContextKey;
  readonly connection: EstablishedConnection;
}) {
  const say = useWords();
  const isCurrent = useIsLive() && connection.phase === 'connected';
  const latest = useCounters((state) => state.latest);
  const counters = isCurrent ? latest : null;
  return (
    <div className={styles.tab}>
      {connection.phase === 'reconnecting' ? (
        <p className={styles.second}>{say(connection.hostKept ? 'routes.kept' : 'routes.notKept')}</p>
      ) : null}
      {connection.proxy === undefined ? null : <ProxyPart context={context} proxy={connection.proxy} />}
      <Section title={say('routes.ranges')} hint={<Totals />}>
        <RoutesTable routes={connection.routes} context={context} counters={counters} />
      </Section>
      <NamesInForce names={connection.names} context={context} />
      {connection.proxy === undefined ? <ResolverTest subject={keyText(context)} /> : null}
    </div>
  );
}

/** How many ranges are routed, and through which interface. */
function Totals() {
  const say = useWords();
  const format = useFormat();
  const connection = useChosenConnection();
  const counters = useCounters((state) => state.latest);
  const isLive = useIsLive();
  if (!isLive || connection?.phase !== 'connected') {
    return null;
  }
  const refused = connection.routes.filter(({ decision }) => decision === 'refused').length;
  const routed = connection.routes.filter(isRouted).length;
  return (
    <>
      {connection.proxy === undefined
        ? say('routes.summary', { count: routed, interface: connection.interface })
        : say('routes.summaryProxy', { count: routed })}
      {counters === null
        ? null
        : ` · ${say('routes.totals', { down: format.bytes(counters.bytesDown), up: format.bytes(counters.bytesUp) })}`}
      {refused === 0 ? null : (
        <>
          {' '}
          <Badge tone="bad">{say('routes.refusedCount', { count: refused })}</Badge>
        </>
      )}
    </>
  );
}
