/**
 * Runs one connection: feeds events to the machine and does through the ports what its effects say. It decides
 * nothing. Secrets pass through it and are never kept. What was aborted no longer reports, except for what may have
 * been made meanwhile (engine, agent): the machine has to give that back.
 */
import {
  type Context,
  cause,
  type Problem,
  problem,
  type Result,
  type Settings,
  type Wanted,
  waitsForUser,
} from '../../contract/index.ts';
import { type Actor, anybody } from '../clusters/callers.ts';
import { findContext } from '../clusters/contexts.ts';
import type { Logins } from '../clusters/logins.ts';
import { type Confirmations, objectionTo } from '../clusters/opening.ts';
import { checkCluster } from '../clusters/preflight.ts';
import { seen } from '../clusters/records.ts';
import { inspectHost } from '../diagnostics/inspect-host.ts';
import type { HostInspection, ReachCheck } from '../engine-messages.ts';
import { guarded } from '../guarded.ts';
import type { Catalogue, ClusterPort, Confirmation, Ports } from '../ports.ts';
import { deleteAgent, watchAgentStart } from './agent-watch.ts';
import type { ClusterWatches } from './cluster-watches.ts';
import { commandOf, createEngineWork, type EngineWork } from './engine-work.ts';
import { findOptional } from './find-optional.ts';
import { transition } from './machine.ts';
import { openWanted } from './open-wanted.ts';
import { hasOwnWay } from './outcome.ts';
import { watchCluster } from './pods-of-routes.ts';
import type { ConnectionEvent, ConnectionState, Effect, FailingTask } from './state.ts';
import { createTimers } from './timers.ts';

export interface RunnerDependencies {
  readonly settings: () => Settings;
  readonly confirmations: () => Confirmations;
  /** In [0, 1). */
  readonly random: () => number;
  /** The state changed. */
  readonly changed: () => void;
  readonly helperSeen: (seen: Result<{ build: string }>) => void;
  readonly logins: Logins;
  /** The same for all connections of this core. */
  readonly group: string;
}

export interface Runner {
  state(): ConnectionState;
  dispatch(event: ConnectionEvent): void;
  /** Whom the connection acts for. */
  actor(): Actor;
  /** From now on the connection is held to this, and comes on where it waited for it; `by` is who switched it on. */
  confirmed(held: Confirmation | null, by?: Actor): void;
  /** What its context said when its cluster was opened; before that what it is held to. Null: not known. */
  madeWith(): Confirmation | null;
  /** The kubeconfigs changed: where they say again what was confirmed, a connection that waited for that comes on. */
  reconsider(): void;
  /** The open cluster, for queries about it while it is open; null otherwise. */
  cluster(): ClusterPort | null;
  /** What the informers know; null before they know anything. */
  catalogue(): Catalogue | null;
  /** The same once they do; null where that takes too long. */
  firstCatalogue: ClusterWatches['first'];
  /** The pods, and what programs here have through the tunnel, while somebody holds them. */
  readonly pods: ClusterWatches['pods'];
  readonly flows: EngineWork['flows'];
  readonly proxy: EngineWork['proxy'];
  readonly names: Pick<EngineWork, 'shareNames' | 'toldNames'>;
  /** The laptop as the helper described it when this connection was prepared. */
  host(): HostInspection | null;
  /** Checks now whether packets, names and connections get there. */
  checkReach(): Promise<Result<readonly ReachCheck[]>>;
  /** Asks the engine for the way to a name or address, as a program on the laptop would go. */
  test: EngineWork['test'];
}

export function createRunner(ports: Ports, initial: ConnectionState, dependencies: RunnerDependencies): Runner {
  let state = initial;
  let cluster: ClusterPort | null = null;
  let reaching: Promise<void> = Promise.resolve();
  let host: HostInspection | null = null;
  let work = new AbortController();
  let isRenewing = false;
  /** What the connection was switched on with. */
  let held: Confirmation | null = null;
  /** What the open cluster's context said. */
  let openedAs: Confirmation | null = null;
  let actor = anybody(ports.kubeconfig);
  const engine = createEngineWork(ports, dependencies.group, dependencies.changed, (host) => hasOwnWay(state, host));
  const { watches, pods, catalogueSeen } = watchCluster(ports.clock, dependencies.changed, () => state, dispatch);
  const timers = createTimers(ports.clock, (timer) => dispatch({ kind: 'timerDue', timer }));
  const queue: ConnectionEvent[] = [];
  let isDraining = false;

  function dispatch(event: ConnectionEvent): void {
    queue.push(event);
    if (isDraining) {
      return;
    }
    isDraining = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const before = state.phase;
      const moment = { now: ports.clock.now(), jitter: dependencies.random() };
      const { state: after, effects } = transition(state, next, moment);
      state = after;
      pods.follow(state);
      // With their times these lines are the profile of a connect (SLIPWAY_LOG=debug).
      ports.log.debug('event', { event: next.kind === 'engineSaid' ? next.event.event : next.kind });
      if (after.phase !== before) {
        ports.log.info('connection phase', { from: before, to: after.phase, event: next.kind });
      }
      for (const effect of effects) {
        guarded(ports.log, `effect ${effect.kind}`, () => perform(effect));
      }
      guarded(ports.log, 'telling a change', dependencies.changed);
    }
    isDraining = false;
  }

  function find({ context, file }: Wanted): Promise<Result<Context>> {
    const { kubeconfigFiles } = dependencies.settings();
    return findContext(actor.kubeconfig, kubeconfigFiles, dependencies.confirmations().plugins, context, file);
  }

  async function reconsider(): Promise<void> {
    if (state.phase !== 'failed' || !waitsForUser(state.because)) {
      return;
    }
    const found = await find(state.wanted);
    if (found.ok && objectionTo(found.value, dependencies.confirmations(), held) === null) {
      dispatch({ kind: 'contextConfirmed' });
    }
  }

  /** Runs a task whose failure is reported. An exception is a defect of an adapter and is reported as one. */
  function run(
    task: FailingTask,
    body: (signal: AbortSignal) => Promise<Result<unknown>>,
    owns = false,
  ): Promise<void> {
    const { signal } = work;
    const fail = (because: Problem) => {
      if (!signal.aborted || owns) {
        dispatch({ kind: 'taskFailed', task, problem: because });
      }
    };
    return body(signal).then(
      (result) => {
        if (!result.ok) {
          fail(result.problem);
        }
      },
      (error: unknown) => fail(problem('internal', error instanceof Error ? error.message : 'unknown error')),
    );
  }

  /** Runs a task on the open cluster. */
  function runOnCluster(
    task: FailingTask,
    body: (open: ClusterPort, signal: AbortSignal) => Promise<Result<unknown>>,
    owns = false,
  ): Promise<void> {
    const open = cluster;
    return open === null ? Promise.resolve() : run(task, (signal) => body(open, signal), owns);
  }

  function watchAgent(): void {
    const { agent } = state.held;
    const open = cluster;
    if (open === null || agent.state !== 'placed') {
      return;
    }
    const { placed } = agent;
    const isAwaited = () =>
      state.phase === 'preparing' &&
      state.bringUp.tasks.connect === 'running' &&
      state.held.agent.state === 'placed' &&
      state.held.agent.placed === placed;
    watchAgentStart(ports.clock, open, placed, isAwaited, ({ code, cause: words, said, facts }) =>
      dispatch({ kind: 'engineSaid', event: { event: 'agentLost', problem: { code, cause: words, said, facts } } }),
    );
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'openCluster':
        run('open', async (signal) => {
          const found = await find(effect.wanted);
          if (!found.ok || signal.aborted) {
            return found;
          }
          const opened = await openWanted(found.value, {
            ...{ actor, held, wanted: effect.wanted, logins: dependencies.logins, signal },
            confirmations: dependencies.confirmations(),
            waits: (detail) => dispatch({ kind: 'clusterWaits', detail }),
          });
          if (opened.ok) {
            cluster = watches.open(opened.value);
            openedAs = seen(found.value);
            const { name: context, file, server } = found.value;
            dispatch({ kind: 'clusterOpened', cluster: { context, file, server } });
          }
          return opened;
        });
        return;
      case 'reachCluster':
        reaching = runOnCluster('reach', async (open, signal) => {
          const checked = await checkCluster(open, effect.wanted);
          if (checked.ok && !signal.aborted) {
            watches.learnt(checked.value.names);
            dispatch({ kind: 'clusterReached', problems: checked.value.problems });
          }
          return checked;
        });
        return;
      case 'discoverRanges':
        runOnCluster('ranges', async (open, signal) => {
          const found = await open.discoverRanges();
          if (!found.ok) {
            await reaching; // it says more precisely what is wrong: the missing right rather than that no range was seen
          }
          if (found.ok && !signal.aborted) {
            dispatch({ kind: 'rangesFound', ranges: found.value });
          }
          return found;
        });
        return;
      case 'watchCatalogue':
        watches.follow(catalogueSeen);
        return;
      case 'closeCluster':
        watches.open(null);
        cluster?.close();
        cluster = null;
        openedAs = null;
        return;
      case 'ensureHelper':
        run('helper', async (signal) => {
          const ensured = await ports.helper.ensure();
          dependencies.helperSeen(ensured);
          if (ensured.ok && !signal.aborted) {
            dispatch({ kind: 'helperReady' });
          }
          return ensured;
        });
        return;
      case 'startEngine':
        run(
          'engine',
          async () => {
            let isStarted = false;
            let endedEarly: string | null = null;
            const started = await engine.start(
              (event) => {
                if (event.event === 'prepared') {
                  host = event.prepared.host;
                }
                if (event.event === 'helperLost') {
                  dependencies.helperSeen({ ok: false, problem: problem('helper-lost', cause('helperLink')) });
                }
                dispatch({ kind: 'engineSaid', event });
              },
              (because) => {
                if (isStarted) {
                  dispatch({ kind: 'engineEnded', because });
                } else {
                  endedEarly = because;
                }
              },
            );
            if (started.ok) {
              isStarted = true;
              dispatch({ kind: 'engineStarted' });
              if (endedEarly !== null) {
                dispatch({ kind: 'engineEnded', because: endedEarly });
              }
            }
            return started;
          },
          true,
        );
        return;
      case 'prepareEngine':
        runOnCluster('prepare', (open, signal) => engine.prepare(open, effect, signal));
        return;
      case 'connectEngine':
        runOnCluster('connect', (open, signal) => engine.connect(open, { ...effect, known: watches.known() }, signal));
        watchAgent();
        return;
      case 'protectAddresses':
        runOnCluster('protect', (open, signal) => engine.protect(open, signal));
        return;
      case 'sendAgent':
      case 'forgetAgent':
      case 'sendPlan':
        engine.send(commandOf(effect));
        return;
      case 'sendDirect':
        engine.sendDirect(effect.candidates);
        return;
      case 'sendCredentials':
        if (isRenewing || cluster === null) {
          return;
        }
        isRenewing = true;
        runOnCluster('credentials', async (open, signal) => {
          const renewed = await open.credentials(true).finally(() => {
            isRenewing = false;
          });
          if (renewed.ok && !signal.aborted) {
            engine.send({ command: 'credentials', credentials: renewed.value });
            dispatch({ kind: 'credentialsSent' });
          }
          return renewed;
        });
        return;
      case 'sendCatalogue':
        cluster?.lookInto(effect.homeNamespace);
        engine.sendCatalogue(watches.known(), effect, pods.addresses());
        return;
      case 'findPolicies':
      case 'findStubDomains':
      case 'discoverRangesAgain':
      case 'offerDirect':
        findOptional(cluster, effect, dispatch);
        return;
      case 'endEngine':
        engine.end();
        return;
      case 'placeAgent':
        runOnCluster(
          'agent',
          async (open, signal) => {
            const placed = await open.placeAgent(
              effect.spec,
              (detail) => dispatch({ kind: 'agentDetail', detail }),
              signal,
            );
            if (placed.ok && state.held.agent.state === 'placing') {
              dispatch({ kind: 'agentPlaced', placed: placed.value });
            } else if (placed.ok) {
              await open.deleteAgent(placed.value); // undoing gave up waiting for it
            }
            return placed;
          },
          true,
        );
        return;
      case 'checkAgent':
        runOnCluster('agent-check', async (open, signal) => {
          const checked = await open.agentLives(effect.placed);
          if (checked.ok && !signal.aborted) {
            dispatch({ kind: 'agentChecked', lives: checked.value });
          }
          return checked;
        });
        return;
      case 'deleteAgent':
        void deleteAgent(cluster, effect.placed).then((because) =>
          dispatch({ kind: 'agentDeleted', problem: because }),
        );
        return;
      case 'abort':
        work.abort();
        work = new AbortController();
        return;
      case 'inspectHost':
        inspectHost(ports).then(
          (result) => dispatch({ kind: 'hostInspected', leftOver: result.ok ? result.value.host.leftOver : null }),
          () => dispatch({ kind: 'hostInspected', leftOver: null }),
        );
        return;
      case 'setTimer':
        timers.set(effect.timer, effect.at);
        return;
      case 'clearTimer':
        timers.clear(effect.timer);
        return;
      case 'log':
        ports.log.debug(effect.message, effect.facts);
        return;
    }
  }

  return {
    ...{ state: () => state, dispatch, actor: () => actor },
    confirmed: (next, by = actor) => {
      held = next;
      actor = by;
      void reconsider();
    },
    ...{ madeWith: () => openedAs ?? held, reconsider: () => void reconsider() },
    ...{ cluster: () => cluster, host: () => host, proxy: engine.proxy },
    ...{ catalogue: watches.catalogue, firstCatalogue: watches.first, pods: watches.pods },
    ...{ flows: engine.flows, names: engine, checkReach: engine.checkReach, test: engine.test },
  };
}
