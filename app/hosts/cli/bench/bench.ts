/**
 * `slipway bench`: how fast the connection that is on is, to the agent and back, by sockets of this process: they go the way
 * of every program, through kernel, interface and tunnel, while the data path's own processes do nothing but carry. The
 * agent answers by itself, so that no Service of the cluster is part of it.
 */
import { availableParallelism, loadavg } from 'node:os';
import { rateText } from '../../../adapters/bench/figures.ts';
import { benchProblem, measurePath } from '../../../adapters/bench/measure.ts';
import {
  type BenchStep,
  benchObjection,
  benchTransferBytes,
  benchTransfers,
  type Connection,
  type CoreLink,
  cause,
  type Latency,
  type Path,
  type PathFigures,
  problem,
  timeText,
} from '../../../contract/index.ts';
import { ask } from '../ask.ts';
import { contextOfFlag } from '../caller.ts';
import { bytes, data, dim, type Format, json, plain, say, table } from '../output.ts';
import { Ended, unwrap } from '../run.ts';

export interface BenchOptions {
  readonly seconds: number;
  readonly yes: boolean;
  readonly output: Format;
}

type Connected = Extract<Connection, { phase: 'connected' }>;

const stepWords: Readonly<Record<BenchStep, string>> = {
  requests: 'small requests',
  connections: 'new connections',
  names: 'names',
  down1: 'download over one connection',
  up1: 'upload over one connection',
  down8: 'download over 8 connections',
  up8: 'upload over 8 connections',
};

/** Milliseconds for which others' traffic is looked at, and for which the counters may be waited for. */
const lookFor = 2500;

/** What went on beside it. Rates are bits a second. */
interface Surroundings {
  readonly connections: number;
  readonly up: number;
  readonly down: number;
}

const pathNames: Readonly<Record<Path, string>> = { apiserver: 'through the API server', direct: 'direct' };

export async function runBench(core: CoreLink, { seconds, yes, output }: BenchOptions): Promise<void> {
  const connection = await connected(core);
  const { context, file } = connection.cluster;
  await consent(context, seconds, yes);
  const tell = (what: string) => say(dim(`measuring ${what} …`));
  tell('what is under way');
  const before = await surroundings(core, { context, file });
  const loadBefore = loadavg()[0] ?? 0;
  const bounds = { transferMilliseconds: seconds * 1000, transferBytes: benchTransferBytes };
  const { resolver, clusterDomain } = connection.names;
  let figures: PathFigures;
  try {
    figures = await measurePath({ path: connection.path, resolver, clusterDomain }, bounds, (step) =>
      tell(stepWords[step]),
    );
  } catch (error) {
    throw new Ended(benchProblem(error as Error, context));
  }
  const { path } = await connected(core);
  const result = {
    context,
    at: Date.now(),
    /** Each path that was measured: the one in force. */
    paths: [figures],
    /** The connection took another path meanwhile: the figures are of both. */
    pathChanged: path !== figures.path,
    before,
    load: { before: loadBefore, after: loadavg()[0] ?? 0, processors: availableParallelism() },
  };
  if (output === 'json') {
    json(result);
    return;
  }
  result.paths.forEach(tellPath);
  const moved = figures.transfers.reduce((sum, one) => sum + one.bytes, 0);
  const others =
    before === null
      ? 'what else was under way is not known'
      : before.connections === 0
        ? 'nothing else was under way before that'
        : `before that, ${before.connections} ${before.connections === 1 ? 'other connection' : 'other connections'} moved ${rateText(before.up)} up and ${rateText(before.down)} down`;
  say(
    `Moved ${bytes(moved)}, which the connection's counters of traffic leave out; ${others}; load of this computer ${result.load.before.toFixed(1)} before, ${result.load.after.toFixed(1)} after, on ${result.load.processors} processors.`,
  );
  if (result.load.before > result.load.processors) {
    say('This computer had more to do than processors: an idle one shows better figures.');
  }
  if (result.pathChanged) {
    say('The connection took another path meanwhile: these figures are of both.');
  }
}

async function connected(core: CoreLink): Promise<Connected> {
  const { connections } = unwrap(await core.call('getSnapshot', {}));
  const wanted = contextOfFlag();
  const on = connections.find(
    (one): one is Connected => one.phase === 'connected' && (wanted === '' || one.cluster.context === wanted),
  );
  if (on === undefined) {
    throw new Ended(problem('not-connected', cause('benchNeeds'), { context: wanted || 'CONTEXT' }));
  }
  const objection = benchObjection(on);
  if (objection !== null) {
    throw new Ended(problem('bench-unfit', objection));
  }
  return on;
}

/** Says what it will do, and asks where that is somebody's to say. */
async function consent(context: string, seconds: number, yes: boolean): Promise<void> {
  const whole = bytes(benchTransfers * benchTransferBytes);
  say(
    `Measures the connection to ${plain(context)} for about ${Math.ceil(8 + benchTransfers * seconds)} s. It moves as much as it can for ${seconds} s each way, twice, but at most ${whole}: on a metered link that costs. Ctrl-C ends it.`,
  );
  if (yes) {
    return;
  }
  if (process.stdin.isTTY !== true) {
    throw new Ended('nobody can be asked here: --yes says that this may be moved');
  }
  if (!/^y(es)?$/i.test(await ask('Go on? [y/N] '))) {
    throw new Ended('nothing was measured');
  }
}

/** By two of the counters that come each second; null where they do not come. */
function surroundings(
  core: CoreLink,
  subject: { readonly context: string; readonly file: string },
): Promise<Surroundings | null> {
  return new Promise((resolve) => {
    let first: { at: number; bytesUp: number; bytesDown: number } | null = null;
    const settle = (found: Surroundings | null) => {
      clearTimeout(timer);
      stop();
      resolve(found);
    };
    const timer = setTimeout(() => settle(null), lookFor);
    const stop = core.subscribe(
      'counters',
      subject,
      (item) => {
        if (first === null || item.at <= first.at) {
          first ??= item;
          return;
        }
        const seconds = (item.at - first.at) / 1000;
        settle({
          connections: item.flows,
          up: ((item.bytesUp - first.bytesUp) * 8) / seconds,
          down: ((item.bytesDown - first.bytesDown) * 8) / seconds,
        });
      },
      () => settle(null),
    );
  });
}

const time = (milliseconds: number | null) => (milliseconds === null ? '–' : timeText(milliseconds));
const timesText = ({ count, unanswered }: Latency) =>
  unanswered === 0 ? `${count}` : `${count}, and ${unanswered} unanswered`;

function tellPath({ path, request, connection, knownName, clusterName, transfers }: PathFigures): void {
  const latencies: [string, Latency | null][] = [
    ['small request, there and back', request],
    ['new connection', connection],
    ['name that Slipway knows', knownName],
    ["name that the cluster's DNS is asked for", clusterName],
    ...transfers.flatMap(({ direction, connections, requestBeside }): [string, Latency | null][] =>
      connections === 1
        ? [[`small request beside ${direction === 'down' ? 'a download' : 'an upload'}`, requestBeside]]
        : [],
    ),
  ];
  data(`PATH ${pathNames[path]}`);
  data(
    table(
      ['LATENCY', 'P50', 'P95', 'TIMES'],
      latencies.map(([what, found]) =>
        found === null ? [what, '–', '–', '0'] : [what, time(found.p50), time(found.p95), timesText(found)],
      ),
    ),
  );
  data('');
  data(
    table(
      ['THROUGHPUT', 'MEAN', 'LEAST', 'MOST', 'MOVED'],
      transfers.map(({ direction, connections, mean, least, most, bytes: moved }) => [
        `${direction === 'down' ? 'download' : 'upload'}, ${connections === 1 ? '1 connection' : `${connections} connections`}`,
        rateText(mean),
        rateText(least),
        rateText(most),
        bytes(moved),
      ]),
    ),
  );
}
