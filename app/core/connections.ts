/**
 * The connections by cluster, each for itself, in the order in which they were switched on. It starts runners, forgets those
 * that are off, says whose names are in force, and knows when nothing is left to do.
 */
import {
  type Connection,
  type Context,
  type ContextKey,
  cause,
  failure,
  keyText,
  type Problem,
  problem,
  type Result,
  type Route,
  success,
  type Wanted,
} from '../contract/index.ts';
import type { Actor } from './clusters/callers.ts';
import { isEstablished } from './connection/outcome.ts';
import { present } from './connection/present.ts';
import { createRunner, type Runner, type RunnerDependencies } from './connection/runner.ts';
import { type ConnectionState, initialState } from './connection/state.ts';
import { isHostRestored } from './connection/undo.ts';
import { type Sharer, shareNames, suffixesOf } from './naming/suffixes.ts';
import type { Catalogue, Confirmation, Ports } from './ports.ts';
import { problemsOfRoutes } from './routing/outside-routes.ts';
import { ownRanges } from './routing/own-ranges.ts';
import { choicesFor } from './settings/context-choices.ts';
import { policyOf } from './settings/settings.ts';

/** Connections of this name, and of this file where one is given; an empty name means all. */
export interface Which {
  readonly context: string;
  readonly file: string;
}

const all: Which = { context: '', file: '' };

export function isMeant({ context, file }: Which, key: ContextKey): boolean {
  return context === '' || (key.context === context && (file === '' || key.file === file));
}

export interface Connections {
  /** Turns a context on beside others, held to what it said then. Answers at once; `core-busy` where too many are on. */
  turnOn(
    wanted: Wanted,
    context: Pick<Context, 'name' | 'file' | 'server'>,
    restored: boolean,
    held: Confirmation | null,
    actor: Actor,
  ): Result<null>;
  turnOff(which?: Which): void;
  /** Settles when the laptop is as it was before these, as far as it can be. */
  hostRestored(which?: Which): Promise<void>;
  /** Settles when nothing is being undone any more, in the cluster either. */
  undone(): Promise<void>;
  policyChanged(): void;
  /** Kubeconfigs changed. */
  contextsChanged(): void;
  present(): Connection[];
  /** Changes of ours that are not known to be undone. */
  leftOnHost(which?: Which): number;
  /** False while anything is in force, under way or going to be tried again. */
  isIdle(): boolean;
  /** The connection of this context; null where none was made. */
  find(context: string, file?: string): Runner | null;
  /** The machine's states, by a key that stays the same for a context of a file. */
  states(): ReadonlyMap<string, ConnectionState>;
  /** Those that are connected or on their way. */
  active(): readonly Runner[];
}

/** Looked at once for each pair: a snapshot is made ten times a second, a catalogue changes with the cluster. */
const known = new WeakMap<Catalogue, { readonly routes: readonly Route[]; readonly problems: Problem[] }>();

function problemsOf(routes: readonly Route[], catalogue: Catalogue | null): Problem[] {
  const before = catalogue === null ? undefined : known.get(catalogue);
  if (before?.routes === routes) {
    return before.problems;
  }
  const problems = problemsOfRoutes(routes, catalogue);
  if (catalogue !== null) {
    known.set(catalogue, { routes, problems });
  }
  return problems;
}

/** A connection with what its routes leave out, as far as the catalogue shows it, and its suffix. */
function presentRunner(runner: Runner, suffix: string): Connection {
  const state = runner.state();
  const connection = present(state);
  if (connection.phase !== 'connected' && connection.phase !== 'reconnecting') {
    return connection;
  }
  if (!isEstablished(state)) {
    return connection;
  }
  const names = { ...connection.names, suffix };
  return connection.phase === 'connected'
    ? { ...connection, names, degraded: [...connection.degraded, ...problemsOf(state.live.routes, runner.catalogue())] }
    : { ...connection, names };
}

/** At most so many clusters are on at once: MaxLeases in native/internal/wire/helper.go. */
export const mostConnections = 8;

/** Nothing is in force, under way or going to be tried again. */
const isAtRest = (state: ConnectionState) =>
  state.phase === 'off' || (state.phase === 'failed' && state.retry !== 'automatic');

/** What the others have to know of this one's names. */
function sharerOf(
  key: string,
  state: ConnectionState,
  chosenSuffix: string,
  told: ReturnType<Runner['names']['toldNames']>,
): Sharer {
  const wasTold = told?.elsewhere ?? null;
  const live = isEstablished(state) ? state.live : null;
  const isAnswering = live !== null && state.phase !== 'engine-lost';
  const isOver =
    state.phase === 'off' || state.phase === 'failed' || (state.phase === 'disconnecting' && isHostRestored(state));
  const mode = live?.names.mode ?? 'off';
  return {
    key,
    context: state.cluster.context,
    chosenSuffix,
    isOn: !isAtRest(state) && state.phase !== 'disconnecting',
    byProxy: state.wanted.proxy === true,
    told: isOver ? null : wasTold,
    // One whose engine is gone is told anew with the next.
    isAnswered:
      told?.ever === true ||
      (live !== null && (state.phase === 'engine-lost' || mode === 'off' || (mode === 'elsewhere') === wasTold)),
    hasNames: wasTold === false && mode !== 'off' && mode !== 'elsewhere',
    resolver: isAnswering ? live.names.resolver : '',
    ranges: isAnswering ? ownRanges(live.routes) : [],
  };
}

export function createConnections(ports: Ports, dependencies: RunnerDependencies): Connections {
  const runners = new Map<string, Runner>();
  let shared = '';
  let waiting: { readonly isOver: () => boolean; readonly settle: () => void }[] = [];

  const meant = (which: Which) => [...runners.values()].filter((runner) => isMeant(which, runner.state().cluster));
  const phases = (which = all) => meant(which).map((runner) => runner.state());
  const isUndone = () => phases().every(({ phase }) => phase !== 'disconnecting');
  const wait = (isOver: () => boolean) =>
    new Promise<void>((resolve) => {
      if (isOver()) {
        resolve();
      } else {
        waiting.push({ isOver, settle: resolve });
      }
    });
  const isActive = (runner: Runner) => !['off', 'failed'].includes(runner.state().phase);
  const suffixWord = ({ cluster: { context, file } }: ConnectionState) =>
    choicesFor(dependencies.settings(), context, file)?.suffix ?? '';
  const sharers = () =>
    [...runners].map(([key, runner]) =>
      sharerOf(key, runner.state(), suffixWord(runner.state()), runner.names.toldNames()),
    );
  const share = () => {
    const preferred = dependencies.settings().preferredNames;
    const sharings = shareNames(sharers(), preferred === null ? null : keyText(preferred));
    const next = JSON.stringify([...sharings]);
    if (next === shared) {
      return;
    }
    shared = next;
    for (const [key, sharing] of sharings) {
      runners.get(key)?.names.shareNames(sharing);
    }
  };
  const changed = () => {
    share();
    const over = waiting.filter(({ isOver }) => isOver());
    waiting = waiting.filter((one) => !over.includes(one));
    for (const { settle } of over) {
      settle();
    }
    dependencies.changed();
  };

  return {
    turnOn: (wanted, context, restored, held, actor) => {
      const cluster = { context: context.name, file: context.file, server: context.server };
      const key = keyText(cluster);
      for (const [otherKey, other] of [...runners]) {
        if (otherKey !== key && isAtRest(other.state())) {
          runners.delete(otherKey); // what became of it was there to be seen
        }
      }
      const on = [...runners]
        .filter(([otherKey]) => otherKey !== key)
        .map(([, other]) => other.state().cluster.context);
      if (on.length >= mostConnections) {
        return failure(problem('core-busy', cause('busy', { count: String(on.length) }), { context: on[0] ?? '' }));
      }
      const policy = policyOf(dependencies.settings(), cluster);
      let runner = runners.get(key);
      if (runner !== undefined && !isActive(runner)) {
        runners.delete(key); // behind those that are on
        runners.set(key, runner);
      }
      if (runner === undefined) {
        runner = createRunner(ports, initialState(wanted, cluster, policy), { ...dependencies, changed });
        runners.set(key, runner);
        share();
      }
      runner.confirmed(held, actor);
      runner.dispatch({ kind: 'turnedOn', wanted, cluster, policy, restored });
      return success(null);
    },
    turnOff: (which = all) => {
      for (const runner of meant(which)) {
        runner.dispatch({ kind: 'turnedOff' });
      }
    },
    hostRestored: (which) => wait(() => phases(which).every(isHostRestored)),
    undone: () => wait(isUndone),
    policyChanged: () => {
      for (const runner of runners.values()) {
        const policy = policyOf(dependencies.settings(), runner.state().cluster);
        runner.dispatch({ kind: 'policyChanged', policy });
      }
    },
    contextsChanged: () => {
      for (const runner of runners.values()) {
        runner.reconsider();
      }
    },
    present: () => {
      const suffixes = suffixesOf(sharers());
      return [...runners].map(([key, runner]) => presentRunner(runner, suffixes.get(key) ?? ''));
    },
    leftOnHost: (which) => phases(which).reduce((sum, { leftOnHost }) => sum + leftOnHost, 0),
    isIdle: () => phases().every(isAtRest),
    states: () => new Map([...runners].map(([key, runner]) => [key, runner.state()])),
    find: (context, file = '') => (context === '' ? null : (meant({ context, file })[0] ?? null)),
    active: () => [...runners.values()].filter(isActive),
  };
}
