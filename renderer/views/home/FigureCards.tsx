import { useMemo } from 'react';
import { type EstablishedConnection, foremostTried, isRouted, placeText } from '../../../app/contract/index.ts';
import { goAgent, goRoutes } from '../../actions/go.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { FigureCard } from '../../kit/Card.tsx';
import { classes } from '../../kit/classes.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Sparkline } from '../../kit/Sparkline.tsx';
import { useLook } from '../../kit/theme.ts';
import { quantile } from '../../store/counters.ts';
import { useCounters, useWindow } from '../../store/hooks.ts';
import { cleanText } from '../../words/clean-text.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';

/** What a connection is like right now. */
export function FigureCards({ connection }: { readonly connection: EstablishedConnection }) {
  const say = useWords();
  return (
    <div className={styles.figures}>
      <div className={styles.cards}>
        <PathCard connection={connection} />
        {/* What was measured before a loss says nothing of now. */}
        {connection.phase === 'reconnecting' ? (
          <>
            <FigureCard label={say('home.roundTrip')} value={say('home.notYet')} />
            <FigureCard label={say('home.traffic')} value={say('home.notYet')} />
          </>
        ) : (
          <>
            <RoundTripCard />
            <TrafficCard />
          </>
        )}
        <RoutesCard connection={connection} />
        <AgentCard connection={connection} />
      </div>
    </div>
  );
}

/** Which way, and why not a direct one; all that was tried is with the agent. */
function PathCard({ connection }: { readonly connection: EstablishedConnection }) {
  const say = useWords();
  const run = useRunAction();
  if (connection.phase === 'reconnecting') {
    const kept = connection.proxy === undefined ? 'home.hostKept' : 'home.proxyKept';
    const detail = say(connection.hostKept ? kept : 'home.hostUndone');
    return <FigureCard label={say('home.path')} value={say('home.pathLost')} detail={detail} />;
  }
  return (
    <button type="button" className={styles.cardButton} onClick={() => run(goAgent)}>
      <FigureCard
        isLink
        label={say('home.path')}
        value={say(`home.path.${connection.path}`)}
        detail={<PathDetail connection={connection} />}
      />
    </button>
  );
}

function PathDetail({ connection }: { readonly connection: Extract<EstablishedConnection, { phase: 'connected' }> }) {
  const say = useWords();
  const { pathReason, interface: name } = connection;
  const candidate = pathReason?.candidate ?? null;
  if (candidate !== null) {
    return <ForeignText text={placeText(candidate)} bound={60} />;
  }
  // A place that costs nothing to try and is none is no news; one that the user asked for is.
  const isAsked = pathReason?.chosen === 'node-port' || pathReason?.chosen === 'address';
  const tried = isAsked ? foremostTried(pathReason.tried) : null;
  if (tried === null) {
    return connection.proxy === undefined
      ? say('home.interface', { name })
      : say('home.proxy', { address: `127.0.0.1:${connection.proxy.port}` });
  }
  const words = { kind: say(`state.place.${tried.kind}`), outcome: say(`state.outcome.${tried.outcome}`) };
  return say('home.pathTried', { ...words, place: cleanText(placeText(tried), 60) });
}

function RoundTripCard() {
  const say = useWords();
  const format = useFormat();
  const all = useCounters((state) => state.samples);
  // Zero says that nothing was measured yet.
  const samples = useMemo(() => all.filter(({ roundTripMicroseconds }) => roundTripMicroseconds > 0), [all]);
  const times = useMemo(() => samples.map(({ at }) => at), [samples]);
  const values = useMemo(() => samples.map(({ roundTripMicroseconds }) => roundTripMicroseconds), [samples]);
  const lines = useMemo(() => [values.map((value) => value / 1000)], [values]);
  const latest = values.at(-1);
  const p95 = quantile(values, 0.95);
  const words = latest === undefined ? say('home.notYet') : format.microseconds(latest);
  return (
    <FigureCard
      label={say('home.roundTrip')}
      value={words}
      detail={p95 === null ? '' : say('home.p95', { time: format.microseconds(p95) })}
      chart={
        <Line times={times} lines={lines} label={say('kit.latest', { name: say('home.roundTrip'), value: words })} />
      }
    />
  );
}

function TrafficCard() {
  const say = useWords();
  const format = useFormat();
  const samples = useCounters((state) => state.samples);
  const latest = useCounters((state) => state.latest);
  // The first sample has no rate: there is none before it.
  const times = useMemo(() => samples.slice(1).map(({ at }) => at), [samples]);
  const lines = useMemo(() => [samples.slice(1).map(({ up, down }) => up + down)], [samples]);
  const now = samples.at(-1);
  const words = now === undefined ? say('home.notYet') : format.rate(now.up + now.down);
  return (
    <FigureCard
      label={say('home.traffic')}
      value={words}
      detail={
        latest === null
          ? ''
          : say('home.totals', { down: format.bytes(latest.bytesDown), up: format.bytes(latest.bytesUp) })
      }
      chart={
        <Line times={times} lines={lines} label={say('kit.latest', { name: say('home.traffic'), value: words })} />
      }
    />
  );
}

/** A sparkline that hears of themes. */
function Line(props: {
  readonly times: readonly number[];
  readonly lines: readonly (readonly number[])[];
  readonly label: string;
}) {
  const { theme, contrast } = useLook(useWindow((state) => state.look));
  return <Sparkline {...props} look={`${theme} ${contrast}`} />;
}

const nameWords = {
  off: 'home.namesOff',
  resolved: 'home.namesResolved',
  'resolv-conf': 'home.namesResolvConf',
  proxy: 'home.namesProxy',
} as const;

function RoutesCard({ connection: { routes, names } }: { readonly connection: EstablishedConnection }) {
  const say = useWords();
  const run = useRunAction();
  const routed = routes.filter(isRouted).length;
  const refused = routes.filter(({ decision }) => decision === 'refused').length;
  const detail =
    names.mode === 'elsewhere'
      ? say('home.namesElsewhere', { suffix: names.suffix ?? '' })
      : say(nameWords[names.mode]);
  return (
    <button type="button" className={styles.cardButton} onClick={() => run(goRoutes)}>
      <FigureCard
        isLink
        label={say('home.routes')}
        value={say('home.ranges', { count: routed })}
        badge={refused === 0 ? undefined : <Badge tone="careful">{say('home.refused', { count: refused })}</Badge>}
        detail={detail}
      />
    </button>
  );
}

function AgentCard({ connection }: { readonly connection: EstablishedConnection }) {
  const say = useWords();
  const run = useRunAction();
  const agent = connection.phase === 'connected' ? connection.agent : null;
  return (
    <button type="button" className={classes(styles.cardButton, styles.agentCard)} onClick={() => run(goAgent)}>
      <FigureCard
        isLink
        label={say('home.agent')}
        value={agent === null ? say('home.agentSought') : <ForeignText text={agent.namespace} bound={63} />}
        detail={agent === null ? '' : <ForeignText text={agent.pod} bound={120} />}
      />
    </button>
  );
}
