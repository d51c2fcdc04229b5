import { Badge } from '../../kit/Badge.tsx';
import { Section } from '../../parts/Section.tsx';
import { useChosenConnection, useCounters, useWindow } from '../../store/hooks.ts';
import { keyText } from '../../store/mirror.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { NamesInForce } from './NamesInForce.tsx';
import { Preview } from './Preview.tsx';
import { Proof } from './Proof.tsx';
import { ResolverTest } from './ResolverTest.tsx';
import styles from './Routes.module.css';
import { RoutesTable } from './RoutesTable.tsx';

/** Body of the tab "Routes and names": ranges and names of the chosen context, by its connection. Scrolls by itself. */
export function RoutesTab() {
  const say = useWords();
  const chosen = useWindow((state) => state.chosen);
  const connection = useChosenConnection();
  const counters = useCounters((state) => state.latest);
  if (chosen === null) {
    return null;
  }
  const subject = keyText(chosen);
  const phase = connection?.phase ?? 'off';
  if (connection?.phase === 'connected' || connection?.phase === 'reconnecting') {
    return (
      <div className={styles.tab}>
        {connection.phase === 'reconnecting' ? (
          <p className={styles.second}>{say(connection.hostKept ? 'routes.kept' : 'routes.notKept')}</p>
        ) : null}
        <Section title={say('routes.ranges')} hint={<Totals />}>
          <RoutesTable routes={connection.routes} counters={counters} />
        </Section>
        <NamesInForce names={connection.names} />
        <ResolverTest subject={subject} />
      </div>
    );
  }
  if (phase === 'preparing' || phase === 'disconnecting') {
    return (
      <div className={styles.tab}>
        <Section title={say('routes.ranges')}>
          <div className={styles.frame}>
            <p className={styles.quiet}>{say(phase === 'preparing' ? 'routes.onTheWay' : 'routes.goingOff')}</p>
          </div>
        </Section>
      </div>
    );
  }
  return (
    <div className={styles.tab}>
      <Preview subject={subject} />
      <Proof subject={subject} />
      <ResolverTest subject={subject} />
    </div>
  );
}

/** How many ranges are routed, and through which interface. */
function Totals() {
  const say = useWords();
  const format = useFormat();
  const connection = useChosenConnection();
  const counters = useCounters((state) => state.latest);
  if (connection?.phase !== 'connected') {
    return null;
  }
  const refused = connection.routes.filter(({ decision }) => decision === 'refused').length;
  const routed = connection.routes.filter(({ decision }) => decision === 'routed').length;
  return (
    <>
      {say('routes.summary', { count: routed, interface: connection.interface })}
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
