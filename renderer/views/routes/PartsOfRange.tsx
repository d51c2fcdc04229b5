import type { Route, RouteCut } from '../../../app/contract/index.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './Routes.module.css';
import { reasonWords } from './route-words.ts';

/** So many parts that stay with the computer are listed; the rest is counted. */
const mostParts = 3;

/** What of a range is in force where that is not all of it, and whose the rest is. */
export function PartsOfRange({ route, isPlanned }: { readonly route: Route; readonly isPlanned: boolean }) {
  const say = useWords();
  const { cuts = [], cutsMore = 0, leftOut = 0 } = route;
  const shown = cuts.slice(0, mostParts);
  const more = cuts.length - shown.length + cutsMore;
  return (
    <span className={styles.two}>
      {route.decision === 'narrowed' ? <span>{say(...hostWords(route, isPlanned))}</span> : null}
      {leftOut === 0 ? null : <span>{say('routes.leftOut', { count: leftOut })}</span>}
      {shown.map((cut) => (
        <KeptPart key={cut.prefix} cut={cut} />
      ))}
      {more === 0 ? null : <span className={styles.owner}>{say('routes.staysMore', { count: more })}</span>}
    </span>
  );
}

function KeptPart({ cut }: { readonly cut: RouteCut }) {
  const say = useWords();
  const reason = reasonWords({ reason: cut.reason, decision: 'cut' });
  return (
    <>
      <span>{say('routes.stays', { prefix: cut.prefix, interface: cut.interface || 'none' })}</span>
      {cut.virtual === undefined ? null : <span>{say('routes.virtual', { virtual: cut.virtual })}</span>}
      {reason === null ? null : <span className={styles.owner}>{say(reason, { reason: cut.reason })}</span>}
    </>
  );
}

/** Where the user wanted single addresses, nobody else has the rest. */
function hostWords(route: Route, isPlanned: boolean): [WordId, Record<string, string | number>] {
  const { conflict, hosts = 0, reason } = route;
  const values = { count: hosts, conflict, interface: route.interface || 'none' };
  if (reason !== 'other-route') {
    return ['routes.hostsWanted', values];
  }
  return [isPlanned ? 'routes.hostsPlanned' : 'routes.hosts', values];
}
