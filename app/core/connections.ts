/**
 * The connections by cluster. That at most one of them is on for now is the rule of turnOn alone. It starts runners, forgets those that are off, and knows when nothing is left to do.
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
import { present } from './connection/present.ts';
import { createRunner, type Runner, type RunnerDependencies } from './connection/runner.ts';
import { type ConnectionState, initialState } from './connection/state.ts';
import { isHostRestored } from './connection/undo.ts';
import type { Catalogue, Confirmation, Ports } from './ports.ts';
import { problemsOfRoutes } from './routing/outside-routes.ts';
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
  /** Turns a context on, held to what it said then. Answers at once; `core-busy` where another one is on. */
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

/** A connection with what its routes leave out, as far as the catalogue shows it. */
function presentRunner(runner: Runner): Connection {
  const state = runner.state();
  const connection = present(state);
  return connection.phase === 'connected' && state.phase === 'connected'
    ? { ...connection, degraded: [...connection.degraded, ...problemsOf(state.live.routes, runner.catalogue())] }
    : connection;
}

export function createConnections(ports: Ports, dependencies: RunnerDependencies): Connections {
  const runners = new Map<string, Runner>();
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
  const changed = () => {
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
      for (const [otherKey, other] of runners) {
        if (otherKey === key) {
          continue;
        }
        if (isActive(other)) {
          const { context: busyWith } = other.state().cluster;
          return failure(problem('core-busy', cause('busy', { context: busyWith }), { context: busyWith }));
        }
        other.dispatch({ kind: 'turnedOff' }); // no retry of the other one behind this one's back
        runners.delete(otherKey);
      }
      const policy = policyOf(dependencies.settings(), cluster);
      let runner = runners.get(key);
      if (runner === undefined) {
        runner = createRunner(ports, initialState(wanted, cluster, policy), { ...dependencies, changed });
        runners.set(key, runner);
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
    present: () => meant(all).map(presentRunner),
    leftOnHost: (which) => phases(which).reduce((sum, { leftOnHost }) => sum + leftOnHost, 0),
    isIdle: () =>
      phases().every((state) => state.phase === 'off' || (state.phase === 'failed' && state.retry !== 'automatic')),
    states: () => new Map([...runners].map(([key, runner]) => [key, runner.state()])),
    find: (context, file = '') => (context === '' ? null : (meant({ context, file })[0] ?? null)),
    active: () => [...runners.values()].filter(isActive),
  };
}
