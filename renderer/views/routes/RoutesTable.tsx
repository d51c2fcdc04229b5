import { type ContextKey, type Counters, isRouted, type Route } from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { HeaderCell, Table, TableCell, TableHead, TableRow } from '../../kit/Table.tsx';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { PartsOfRange } from './PartsOfRange.tsx';
import { RangeChoice } from './RangeChoice.tsx';
import styles from './Routes.module.css';
import { decisionLook, kindWords, originWords, reasonWords } from './route-words.ts';

/** Each range: where it was found, what became of it and why, and what went through it. */
export function RoutesTable({
  routes,
  context,
  counters = null,
  isPlanned = false,
  changed,
}: {
  readonly routes: readonly Route[];
  readonly context: ContextKey;
  /** Null where nothing flows yet: then there are no columns for it. */
  readonly counters?: Counters | null;
  /** Of a cluster that is off: nothing of it is in force. */
  readonly isPlanned?: boolean;
  /** Another decision was chosen for a range. */
  readonly changed?: (() => void) | undefined;
}) {
  const say = useWords();
  const isCounted = counters !== null;
  return (
    <div className={styles.frame}>
      <Table
        label={say('routes.ranges')}
        rowCount={routes.length + 1}
        columnCount={isCounted ? 6 : 4}
        className={isCounted ? styles.counted : styles.planned}
      >
        <TableHead>
          <HeaderCell>{say('routes.range')}</HeaderCell>
          <HeaderCell>{say('routes.found')}</HeaderCell>
          <HeaderCell>{say('routes.decision')}</HeaderCell>
          <HeaderCell>{say('routes.why')}</HeaderCell>
          {isCounted ? (
            <>
              <HeaderCell>{say('routes.received')}</HeaderCell>
              <HeaderCell>{say('routes.sent')}</HeaderCell>
            </>
          ) : null}
        </TableHead>
        {routes.map((route, index) => (
          <RouteRow
            key={`${route.prefix} ${route.decision}`}
            {...{ route, routes, context, index, counters, isPlanned, changed }}
          />
        ))}
      </Table>
    </div>
  );
}

function RouteRow({
  route,
  routes,
  context,
  index,
  counters,
  isPlanned,
  changed,
}: {
  readonly route: Route;
  readonly routes: readonly Route[];
  readonly context: ContextKey;
  readonly index: number;
  readonly counters: Counters | null;
  readonly isPlanned: boolean;
  readonly changed: (() => void) | undefined;
}) {
  const say = useWords();
  const format = useFormat();
  const { words, tone, planned } = decisionLook(route);
  const counted = counters?.routes.find(({ prefix }) => prefix === (route.virtual ?? route.prefix));
  return (
    <TableRow index={index + 2} className={styles.row}>
      <TableCell kind="code">
        <ForeignText text={route.prefix} />
      </TableCell>
      <TableCell>
        <span className={styles.two}>
          <span>{say(kindWords[route.kind])}</span>
          <span className={styles.second}>{say(originWords[route.origin])}</span>
        </span>
      </TableCell>
      <TableCell>
        <span className={styles.decision}>
          <Badge tone={isPlanned && isRouted(route) ? 'plain' : tone}>{say(isPlanned ? planned : words)}</Badge>
          <RangeChoice {...{ route, routes, context, changed }} />
        </span>
      </TableCell>
      <TableCell>
        <Why route={route} isPlanned={isPlanned} />
      </TableCell>
      {counters === null ? null : (
        <>
          <TableCell kind="number">{counted === undefined ? '–' : format.bytes(counted.bytesDown)}</TableCell>
          <TableCell kind="number">{counted === undefined ? '–' : format.bytes(counted.bytesUp)}</TableCell>
        </>
      )}
    </TableRow>
  );
}

/** The reason in words, and whose the colliding range is. */
function Why({ route, isPlanned }: { readonly route: Route; readonly isPlanned: boolean }) {
  const say = useWords();
  const reason = reasonWords(route);
  if (route.decision === 'cut' || route.decision === 'narrowed') {
    return <PartsOfRange route={route} isPlanned={isPlanned} />;
  }
  if (route.virtual !== undefined) {
    return (
      <span className={styles.two}>
        <span>{say('routes.virtual', { virtual: route.virtual })}</span>
        {reason === null ? null : <span className={styles.owner}>{say(reason, { reason: route.reason })}</span>}
        {route.conflict === '' ? null : (
          <span className={styles.owner}>
            {say('routes.conflictOwner', { conflict: route.conflict, interface: route.interface })}
          </span>
        )}
      </span>
    );
  }
  if (reason === null) {
    return <span className={styles.second}>{say(isPlanned ? 'routes.willEnterTunnel' : 'routes.intoTunnel')}</span>;
  }
  const owner =
    route.conflict === '' && route.interface === ''
      ? null
      : route.interface === ''
        ? say('routes.conflictOnly', { conflict: route.conflict })
        : route.conflict === ''
          ? say('routes.interfaceOnly', { interface: route.interface })
          : say('routes.conflictOwner', { conflict: route.conflict, interface: route.interface });
  return (
    <span className={styles.two}>
      <span>{say(reason, { reason: route.reason })}</span>
      {owner === null ? null : <span className={styles.owner}>{owner}</span>}
    </span>
  );
}
