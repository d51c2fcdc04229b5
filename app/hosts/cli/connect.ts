/** connect and disconnect: switching on and off. */
import {
  type Connection,
  type ContextKey,
  type CoreLink,
  connectionOf,
  keyOf,
  type Problem,
  type Step,
} from '../../contract/index.ts';
import { details, headline, seconds } from './connection-text.ts';
import { exitCodeOf, interrupted } from './exit-codes.ts';
import { networkHolder } from './network-holder.ts';
import { dim, type Format, green, invocation, json, plain, red, say, sayProblem, sayProblems } from './output.ts';
import { Ended, unwrap } from './run.ts';
import { isInShell } from './shell-variable.ts';
import { adviceFor, factsOf } from './status-text.ts';

export interface ConnectOptions {
  readonly context: string;
  readonly homeNamespace: string;
  readonly agentNamespace: string;
  readonly agentImage: string;
  readonly baseImage: string;
  readonly trustExec: boolean;
  /** Programs come through a proxy, and nothing of this computer is changed. */
  readonly proxy: boolean;
  /** Absent: as it was chosen before. Empty: taken back. */
  readonly answersFor?: string;
  /** The same of the patch of the agent's pod: JSON. */
  readonly agentPodPatch?: string;
}

/** Tells each step once as it ends, and what a step waits for when that changes. */
function narrator(): (connection: Connection) => void {
  const told = new Set<Step>();
  let detail = '';
  return (connection) => {
    if (connection.phase !== 'preparing' && connection.phase !== 'connected') {
      return;
    }
    for (const { step, milliseconds } of connection.done) {
      if (!told.has(step)) {
        told.add(step);
        say(`${green('✓')} ${step} ${dim(seconds(milliseconds))}`);
      }
    }
    if (connection.phase !== 'preparing' || connection.detailSaid?.id === 'pluginWaits') {
      return; // logins are told by whoever opened the link, see tellingLogins
    }
    if (connection.detail !== '' && connection.detail !== detail) {
      detail = connection.detail;
      say(dim(`  ${headline(connection, Date.now())}`));
    }
  };
}

/** How long a connection that is up is waited for to be checked, in milliseconds: the answer may have to time out first. */
const checkPatience = 8000;

/**
 * Settles once what was asked for came true or failed for good. The phases before it was taken up do not count; neither
 * does a connection of which nothing is known yet but that its tunnel stands.
 */
function outcome(core: CoreLink, key: ContextKey, heard: (connection: Connection) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let patience: ReturnType<typeof setTimeout> | undefined;
    let last: Connection | null = null;
    const settle = (connection: Connection) => {
      clearTimeout(patience);
      setImmediate(() => unwatch());
      resolve(connection);
    };
    const unwatch = core.watch((snapshot) => {
      const connection = connectionOf(snapshot, key);
      if (connection === null) {
        return;
      }
      heard(connection);
      last = connection;
      if (connection.phase === 'connected' && connection.checkedAt === null) {
        patience ??= setTimeout(() => settle(last ?? connection), checkPatience);
        return;
      }
      const over =
        connection.phase === 'connected' ||
        (connection.phase === 'failed' && connection.retry !== 'automatic') ||
        connection.phase === 'off';
      if (over) {
        settle(connection);
      }
    });
    void core.ended.then((because) => reject(new Ended(`the core ended: ${because}`, false, 8)));
  });
}

/** Runs `work`; Ctrl-C or SIGTERM meanwhile calls `undo` and ends with 130. */
async function interruptible<Value>(work: Promise<Value>, undo: () => Promise<void>): Promise<Value> {
  let stop: () => void = () => {};
  const asked = new Promise<'interrupted'>((resolve) => {
    stop = () => resolve('interrupted');
  });
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const first = await Promise.race([work, asked]);
    if (first === 'interrupted') {
      say('interrupted: undoing everything');
      work.catch(() => {}); // its end no longer matters
      await undo();
      throw new Ended('interrupted', true, interrupted);
    }
    return first as Value;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** What of a connection that is on does not work at all; null where everything does. */
export function brokenPart(connection: Connection): Problem | null {
  return (connection.phase === 'connected' && connection.degraded.find(({ severity }) => severity === 'error')) || null;
}

/** Who can use what is on now, in one sentence. */
export function whoReaches(connection: Connection): string {
  return connection.phase === 'connected' && connection.proxy !== undefined
    ? `Programs that use the proxy can now reach the cluster: \`${invocation} proxy\` says how.`
    : `Every program ${isInShell() ? 'of this shell' : 'on this computer'} can now reach the cluster.`;
}

/** Answers a connection that is on, be it broken or not. */
export async function connect(core: CoreLink, options: ConnectOptions, format: Format): Promise<Connection> {
  const started = Date.now();
  let wasOn = false;
  const work = async (): Promise<Connection> => {
    const { wanted, already } = unwrap(await core.call('connect', options));
    wasOn = already;
    return outcome(core, wanted, format === 'json' || already ? () => {} : narrator());
  };
  const connection = await interruptible(work(), async () => {
    // What was on before this command is none of its to undo.
    if (!wasOn) {
      await disconnect(core, false, { context: options.context });
    }
  });
  if (connection.phase === 'connected') {
    if (format === 'json') {
      json(unwrap(await core.call('getSnapshot', {})));
    } else {
      const took = wasOn ? 'it was on already' : seconds(Date.now() - started);
      say(
        `${brokenPart(connection) === null ? green('●') : red('●')} ${headline(connection, Date.now())} ${dim(`(${took})`)}`,
      );
      if (format === 'wide') {
        details(connection).forEach(say);
        sayProblems(connection.degraded);
      } else {
        factsOf(connection).forEach(say);
        adviceFor(connection.degraded, null).forEach(say);
      }
    }
    return connection;
  }
  if (connection.phase === 'failed') {
    sayProblem(connection.because);
    say(red(headline(connection, Date.now())));
    const { because } = connection;
    if (connection.leftOnHost === 0) {
      // A connect that failed is not wanted any longer: no retry behind the user's back.
      await core.call('disconnect', keyOf(connection));
    }
    throw new Ended(because, true, exitCodeOf(because));
  }
  throw new Ended('it was switched off by another command', false, 1);
}

/** How long the cluster is waited for to delete the agent, in milliseconds; this computer is restored before. */
const deletionPatience = 3000;

/** Settles once the snapshot says off, too, so that a status behind a disconnect does not say otherwise. */
async function shownOff(core: CoreLink, which: Partial<ContextKey>): Promise<void> {
  let unwatch = () => {};
  let patience: ReturnType<typeof setTimeout> | undefined;
  const isShown = new Promise<void>((resolve) => {
    patience = setTimeout(resolve, deletionPatience);
    unwatch = core.watch(({ connections }) => {
      const isMeant = (connection: Connection) =>
        (which.context ?? connection.cluster.context) === connection.cluster.context;
      if (connections.every((connection) => !isMeant(connection) || connection.phase !== 'disconnecting')) {
        resolve();
      }
    });
  });
  await Promise.race([isShown, core.ended]);
  clearTimeout(patience);
  unwatch();
}

/** Has the plain names of this cluster in force; null while no core runs. */
export async function prefer(core: CoreLink | null, context: string): Promise<void> {
  if (core === null) {
    say('No cluster is on.');
    return;
  }
  unwrap(await core.call('preferNames', { context }));
  say(`plain names are now those of ${plain(context)}`);
}

/** Without `which` everything is switched off. */
export async function disconnect(core: CoreLink | null, quit: boolean, which: Partial<ContextKey> = {}): Promise<void> {
  if (core === null) {
    const holder = await networkHolder();
    if (holder !== null) {
      throw new Ended(holder);
    }
    say('No cluster is on.');
    return;
  }
  const { leftOnHost } = unwrap(await core.call('disconnect', which));
  if (leftOnHost > 0) {
    throw new Ended(`changes that could not be undone: ${leftOnHost}. Run \`slipway-helper clean\` as root`, false, 6);
  }
  await shownOff(core, which);
  say(`${green('○')} off${isInShell() ? '' : '; this computer is as it was'}`);
  if (quit) {
    await core.call('quit', {});
  }
}
