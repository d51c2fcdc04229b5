/** `slipway flows`: which program of this computer has which connection into the cluster, and what became of it. */
import {
  type CoreLink,
  commandLineOf,
  type Flow,
  type FlowState,
  type FlowsItem,
  flowLives,
  flowTargetName,
  isEstablished,
  keyOf,
  notOff,
  problem,
} from '../../contract/index.ts';
import { contextOfFlag } from './caller.ts';
import { interrupted } from './exit-codes.ts';
import { age, bytes, data, type Format, invocation, plain, say, table } from './output.ts';
import { Ended, unwrap } from './run.ts';

const stateWords: Readonly<Record<FlowState, string>> = {
  opening: 'opening',
  open: 'open',
  laptopEnded: 'laptop is done',
  clusterEnded: 'cluster is done',
  closed: 'closed',
  refused: 'refused',
  hostUnreachable: 'host unreachable',
  networkUnreachable: 'net unreachable',
  prohibited: 'prohibited',
  silent: 'no answer',
  abandoned: 'given up',
  resetByLaptop: 'reset by laptop',
  resetByCluster: 'reset by cluster',
  timedOut: 'timed out',
  lostWay: 'way was lost',
  shed: 'no room left',
  sessionEnded: 'agent was lost',
  withdrawn: 'no longer routed',
};

/** Widths with which a line fits a terminal of 80 columns. */
const programWidth = 17;
const destinationWidth = 25;

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
const short = (count: number) => bytes(count).replace(/ bytes?$/, ' B');

function programOf({ program }: Flow, width: number): string {
  if (program === null) {
    return 'not known';
  }
  const { name, processId, user } = program;
  if (processId === null) {
    return `user ${user}`;
  }
  const suffix = ` ${processId}`;
  return `${cut(plain(name), width - suffix.length)}${suffix}`;
}

/** The name that is shown first, with the port as it is called there; the address where there is none. */
export function destinationOf(flow: Flow): string {
  const name = flowTargetName(flow);
  const port = flow.destination.slice(flow.destination.lastIndexOf(':') + 1);
  return name === '' ? flow.destination : `${name}:${flow.target?.port || port}`;
}

/** What lives first, the newest first; then what ended, the last first. */
export function orderedFlows(flows: Iterable<Flow>): Flow[] {
  return [...flows].sort(
    (one, other) =>
      Number(flowLives(other)) - Number(flowLives(one)) ||
      (other.endedAt ?? other.beganAt) - (one.endedAt ?? one.beganAt) ||
      other.id - one.id,
  );
}

export function flowsTable(flows: readonly Flow[], format: Format, now: number): string {
  const wide = format === 'wide';
  const headings = [
    ...['PROGRAM', 'DESTINATION', 'STATE', 'DOWN', 'UP'],
    ...(wide ? ['RATE DOWN', 'RATE UP', 'AGE', 'ANSWER', 'SERVICE', 'FROM', 'TO', 'USER', 'EXECUTABLE'] : []),
  ];
  const duration = (microseconds: number | null) =>
    microseconds === null ? '-' : `${(microseconds / 1000).toFixed(1)} ms`;
  const rows = flows.map((flow) => [
    programOf(flow, wide ? 80 : programWidth),
    wide ? destinationOf(flow) : cut(plain(destinationOf(flow)), destinationWidth),
    stateWords[flow.state],
    short(flow.bytesDown),
    short(flow.bytesUp),
    ...(wide
      ? [
          `${short(flow.rateDown)}/s`,
          `${short(flow.rateUp)}/s`,
          age((flow.endedAt ?? now) - flow.beganAt),
          duration(flow.answerMicroseconds),
          duration(flow.serviceMicroseconds),
          flow.source,
          flow.real === undefined ? flow.destination : `${flow.destination} (${flow.real})`,
          flow.program?.user || '-',
          flow.program?.executable || '-',
        ]
      : []),
  ]);
  return table(headings, rows);
}

export function flowsSummary(
  { live, opening, path, roundTripMicroseconds, programsKnown }: FlowsItem,
  shown: number,
): string {
  const way = path === 'direct' ? 'directly' : 'through the API server';
  const trip = roundTripMicroseconds === 0 ? '' : `, round trip ${(roundTripMicroseconds / 1000).toFixed(1)} ms`;
  const lines = [
    `${live} open${opening === 0 ? '' : ` (${opening} of them wait)`}, ${way}${trip}.`,
    ...(shown < live ? [`The ${shown} busiest are shown.`] : []),
    ...(programsKnown ? [] : ['Programs are not looked up on this system.']),
    'TCP only: datagrams and ping are not listed.',
  ];
  return lines.join('\n');
}

/** Takes items as they come, and answers what is known after each. */
export function flowsKnown(): (item: FlowsItem) => ReadonlyMap<number, Flow> {
  const known = new Map<number, Flow>();
  return ({ kind, changed, gone }) => {
    if (kind === 'all') {
      known.clear();
    }
    for (const id of gone) {
      known.delete(id);
    }
    for (const flow of changed) {
      known.set(flow.id, flow);
    }
    return known;
  };
}

/** The connection that is meant: of `--context`, else the first that is up. While it comes back there may be nothing to list for long. */
async function connectionMeant(core: CoreLink) {
  const snapshot = unwrap(await core.call('getSnapshot', {}));
  const wanted = contextOfFlag();
  const up = notOff(snapshot).filter(isEstablished);
  const found = up.find(({ cluster }) => wanted === '' || cluster.context === wanted);
  if (found === undefined) {
    const connect = commandLineOf({ command: invocation, arguments: ['connect', ...(wanted === '' ? [] : [wanted])] });
    throw new Ended(`no cluster is connected${wanted === '' ? '' : ` as ${wanted}`}: ${connect} connects`, false, 7);
  }
  if (found.phase === 'reconnecting') {
    say(
      'The connection is coming back; what programs have is listed as soon as its data path tells. Ctrl-C ends this.',
    );
  }
  return keyOf(found);
}

/** Prints them once, or anew each second until Ctrl-C (in JSON, one document a line). */
export async function listFlows(core: CoreLink, format: Format, isWatched: boolean): Promise<void> {
  const connection = await connectionMeant(core);
  const take = flowsKnown();
  await new Promise<void>((resolve, reject) => {
    let items = 0;
    const stop = core.subscribe(
      'flows',
      connection,
      (item) => {
        const known = take(item);
        items += 1;
        // Rates, and programs that were found meanwhile, come with the second.
        if (items < 2) {
          return;
        }
        tell(item, orderedFlows(known.values()), format, isWatched);
        if (!isWatched) {
          stop();
          resolve();
        }
      },
      (because) => {
        const off = problem('not-connected', 'it was switched off meanwhile', { context: connection.context });
        reject(because === null ? new Ended(off, false, 7) : new Ended(because)); // 7 as where none is connected
      },
    );
    process.once('SIGINT', () => {
      stop();
      if (isWatched) {
        resolve();
      } else {
        reject(new Ended('interrupted', true, interrupted)); // nothing was listed
      }
    });
  });
}

function tell(item: FlowsItem, flows: readonly Flow[], format: Format, isWatched: boolean): void {
  if (format === 'json') {
    const { changed, gone, kind, ...rest } = item;
    const document = { ...rest, flows };
    data(isWatched ? JSON.stringify(document) : JSON.stringify(document, null, 2));
    return;
  }
  if (isWatched && process.stdout.isTTY) {
    process.stdout.write('\u001b[H\u001b[2J');
  }
  const room = isWatched && process.stdout.isTTY ? Math.max(process.stdout.rows - 4, 5) : flows.length;
  if (flows.length > 0) {
    data(flowsTable(flows.slice(0, room), format, item.at));
  }
  say(flowsSummary(item, flows.filter(flowLives).length));
}
