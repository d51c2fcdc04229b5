/** `slipway status`: says truthfully what is the case, once or with every change. */
import { type Connection, type CoreLink, isSameKey, type Login, type Snapshot } from '../../contract/index.ts';
import { buildIdentity } from '../build-identity.ts';
import { details, headline, headlines, moreDetails, shown } from './connection-text.ts';
import { attachToCore } from './core-link.ts';
import { loginText } from './logins.ts';
import { networkHolder } from './network-holder.ts';
import { data, type Format, json, say, sayProblem, sayProblems } from './output.ts';
import { unwrap } from './run.ts';
import { statusText } from './status-text.ts';
import { unfinished } from './unfinished.ts';

/** Between two looks for a core where none runs, in milliseconds. */
const lookEvery = 300;

/** What is the case while no core runs: the same form, so that scripts need not tell the two apart. */
function nothingRuns(): Snapshot {
  const helper = { state: 'unknown' } as const;
  return {
    revision: 0,
    build: buildIdentity(),
    processId: 0,
    wanted: [],
    connections: [],
    helper,
    contextsRevision: 0,
    settingsRevision: 0,
    work: [],
  };
}

export async function status(core: CoreLink | null, format: Format): Promise<void> {
  const snapshot = core === null ? nothingRuns() : unwrap(await core.call('getSnapshot', {}));
  if (format === 'json') {
    json(snapshot);
    return;
  }
  const connections = shown(snapshot);
  if (connections.length === 0) {
    data('off');
    const holder = core === null ? await networkHolder() : null;
    if (holder !== null) {
      sayProblem(holder);
    } else if (core === null) {
      (await unfinished()).forEach(say);
    }
  }
  loginsBeside(snapshot).map(loginText).forEach(data);
  for (const connection of connections) {
    if (format === 'wide') {
      tellAll(connection, snapshot);
    } else {
      const { facts, advice } = statusText(connection, Date.now());
      facts.forEach(data);
      advice.forEach(say);
    }
  }
}

/** Logins that wait for anything but what the connections shown say themselves. */
function loginsBeside(snapshot: Snapshot): readonly Login[] {
  const told = shown(snapshot).filter(
    (connection) =>
      (connection.phase === 'preparing' && connection.detailSaid?.id === 'pluginWaits') ||
      (connection.phase === 'connected' && connection.degraded.some(({ code }) => code === 'exec-waiting')),
  );
  return (snapshot.logins ?? []).filter((login) => !told.some(({ cluster }) => isSameKey(cluster, login)));
}

function tellAll(connection: Connection, snapshot: Snapshot): void {
  data(headline(connection, Date.now()));
  details(connection).forEach(data);
  moreDetails(connection, snapshot).forEach(data);
  if (connection.phase === 'failed' || connection.phase === 'reconnecting') {
    sayProblem(connection.because);
  }
  if (connection.phase === 'connected') {
    sayProblems(connection.degraded);
  }
}

/** Prints every change until Ctrl-C (in JSON, one snapshot a line), whether or not a core runs meanwhile. */
export async function watchStatus(format: Format): Promise<void> {
  let last = '';
  const show = (snapshot: Snapshot) => {
    const line =
      format === 'json'
        ? JSON.stringify(snapshot)
        : [headlines(snapshot, Date.now()), ...loginsBeside(snapshot).map(loginText)].join('\n');
    if (line !== last) {
      last = line;
      data(line);
    }
  };
  let stopped = false;
  const stop = new Promise<void>((resolve) =>
    process.once('SIGINT', () => {
      stopped = true;
      resolve();
    }),
  );
  while (!stopped) {
    const core = unwrap(await attachToCore());
    if (core === null) {
      show(nothingRuns());
      await Promise.race([stop, new Promise((resolve) => setTimeout(resolve, lookEvery))]);
    } else {
      core.watch(show);
      await Promise.race([stop, core.ended]);
      core.close();
    }
  }
}
