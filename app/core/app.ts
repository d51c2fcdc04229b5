/**
 * The core as one object: it holds all state, answers the contract's commands, publishes snapshots, and restores
 * what was wanted when it starts. It knows no platform: everything outside is a port. Nothing that it answers throws.
 */
import {
  type Caller,
  type CommandArguments,
  type CommandName,
  type CommandOutput,
  cause,
  commands,
  defaultSettings,
  failure,
  type HelperState,
  type Place,
  type Problem,
  problem,
  type Result,
  type Settings,
  type Snapshot,
  type StreamItem,
  type StreamName,
  type Wanted,
  type Work,
  withFacts,
} from '../contract/index.ts';
import { createActivity } from './activity/activity.ts';
import { notesOfSettings } from './activity/settings-changes.ts';
import { watchConnections } from './activity/watcher.ts';
import { findContext } from './clusters/contexts.ts';
import { createLogins } from './clusters/logins.ts';
import { recordOf, remember } from './clusters/records.ts';
import { createConnections } from './connections.ts';
import { guarded } from './guarded.ts';
import type { Dependencies, Handlers } from './handlers/dependencies.ts';
import { createHandlers } from './handlers.ts';
import type { ContextRecord, Ports } from './ports.ts';
import { createPublisher } from './publisher.ts';
import { readSettings } from './settings/settings.ts';
import { openWhenReady } from './streams/deferred.ts';
import { createStreams, type Subscription } from './streams/streams.ts';
import { createJobs } from './work/jobs.ts';

export interface Core {
  /**
   * The same core for one frontend. What a caller asks is asked with its files and its environment; null: with the core's
   * own. Logins that only it waits for end when it has gone.
   */
  as(caller: Caller | null, gone: AbortSignal): Pick<Core, 'call'>;
  /** Checks the input, then does it. */
  call<Name extends CommandName>(command: Name, input: unknown): Promise<Result<CommandOutput<Name>>>;
  /** The listener hears the present snapshot at once and later ones, at most ten a second. Answers what ends it. */
  watch(listener: (snapshot: Snapshot) => void): () => void;
  /**
   * Checks the input, then brings what is there and what changes, at most ten items a second. `ended` hears once,
   * never before this returned, that no more come: with a problem where it was refused, null where its subject is gone.
   */
  subscribe<Name extends StreamName>(
    stream: Name,
    input: unknown,
    listener: (item: StreamItem<Name>) => void,
    ended: (because: Problem | null) => void,
  ): Subscription;
  /** Hears whether there is nothing to do: now, and whenever that changes. */
  idle(listener: (isIdle: boolean) => void): void;
  /** Hears that a frontend asked the core to end; everything is off by then. */
  quitAsked(listener: () => void): void;
  /** Undoes everything and ends. What is wanted stays wanted for the next start. */
  close(): Promise<void>;
}

export interface CoreOptions {
  readonly processId?: number;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  readonly place?: Place;
}

/** The context that a command is about, for what a problem says to run. */
function contextIn(input: unknown): { context?: string } {
  const { context } = (input ?? {}) as { context?: unknown };
  return typeof context === 'string' && context !== '' ? { context } : {};
}

export function createCore(ports: Ports, build: string, options: CoreOptions = {}): Core {
  let settings: Settings = defaultSettings;
  let wanted: readonly Wanted[] = [];
  let helper: HelperState = { state: 'unknown' };
  let records: readonly ContextRecord[] = [];
  let contextsRevision = 0;
  let settingsRevision = 0;
  let settingsKept: Promise<unknown> = Promise.resolve();
  let switching: Promise<unknown> = Promise.resolve();
  let work: readonly Work[] = [];
  let unwatchKubeconfig: () => void = () => {};
  let isClosed = false;
  let underWay = 1; // restoring counts as something to do
  let wasIdle = false;
  const trusted = new Set<string>();
  const idleListeners = new Set<(isIdle: boolean) => void>();
  const quitListeners = new Set<() => void>();

  const publisher = createPublisher(ports.clock, ports.log, (revision) => ({
    revision,
    build,
    processId: options.processId ?? 0,
    wanted: [...wanted],
    connections: connections.present(),
    helper,
    contextsRevision,
    settingsRevision,
    work: [...work],
    ...(options.place === undefined ? {} : { place: options.place }),
    ...(logins.present().length === 0 ? {} : { logins: logins.present() }),
  }));
  const activity = createActivity(ports.clock, ports.log, ports.activity, () => streams.changed());
  const streams = createStreams(
    ports.clock,
    {
      connection: (context, file) => {
        const runner = connections.find(context, file);
        return runner === null
          ? null
          : {
              ...runner,
              pods: runner.pods.list,
              holdPods: runner.pods.hold,
              flows: runner.flows.now,
              holdFlows: runner.flows.hold,
            };
      },
      activityAfter: activity.after,
    },
    ports.bench,
  );
  const noteChanges = watchConnections(
    activity,
    () => connections.states(),
    () => ports.clock.now(),
  );
  const changed = () => {
    publisher.change();
    guarded(ports.log, 'the activity', noteChanges);
    guarded(ports.log, 'the streams', streams.changed);
    considerIdle();
  };
  const logins = createLogins(ports.clock, publisher.change);
  const confirmations = () => ({ plugins: trusted, records });
  const connections = createConnections(ports, {
    settings: () => settings,
    confirmations,
    random: options.random ?? Math.random,
    changed,
    helperSeen,
    logins,
    group: `${options.processId ?? 0}-${ports.clock.now()}`,
  });
  function helperSeen(seen: Result<{ build: string }>): void {
    helper = seen.ok
      ? { state: 'ready', build: seen.value.build }
      : ['helper-missing', 'helper-program-missing', 'helper-lost'].includes(seen.problem.code)
        ? { state: 'absent', ...ports.helper.program }
        : { state: 'refused', because: seen.problem };
    changed();
  }
  const jobs = createJobs(
    ports.clock,
    activity,
    () => work,
    (next) => {
      work = next;
      changed();
    },
  );
  const dependencies: Dependencies = {
    ports,
    ownKubeconfig: ports.kubeconfig,
    connections,
    trusted,
    build,
    helperSeen,
    settings: () => settings,
    activity,
    jobs,
    logins,
    changeSettings: (change) => {
      const done = settingsKept.then(() => keepSettings(change(settings)));
      settingsKept = done.catch(() => {});
      return done;
    },
    records: () => records,
    confirmations,
    setRecords: async (next) => {
      records = next;
      const saved = await ports.store.saveContextRecords(next);
      if (!saved.ok) {
        ports.log.warning('what was done with contexts could not be saved', { code: saved.problem.code });
      }
      return saved;
    },
    contextsChanged: () => {
      contextsRevision += 1;
      changed();
    },
    kubeconfigFiles: () => [...new Set([...settings.kubeconfigFiles, ...wanted.map(({ file }) => file)])],
    inOrder: (next) => {
      const done = switching.then(next, next);
      switching = done.catch(() => {});
      return done;
    },
    wanted: () => wanted,
    setWanted: async (next) => {
      wanted = next;
      changed();
      const saved = await ports.store.saveWanted(next);
      if (!saved.ok) {
        ports.log.warning('what is wanted could not be saved', { code: saved.problem.code });
      }
    },
    snapshot: () => publisher.present(),
    quit: () => {
      for (const listener of quitListeners) {
        listener();
      }
    },
  };
  const own = createHandlers(dependencies);

  async function keepSettings(next: Result<Settings>): Promise<Result<Settings>> {
    const kept = next.ok ? await ports.store.saveSettings(next.value) : next;
    if (!next.ok || !kept.ok) {
      return kept.ok ? next : kept;
    }
    const before = settings;
    settings = next.value;
    settingsRevision += 1;
    if (settings.kubeconfigFiles.join('\n') !== before.kubeconfigFiles.join('\n')) {
      watchKubeconfig();
      contextsRevision += 1;
    }
    notesOfSettings(before, settings).forEach(activity.note);
    connections.policyChanged();
    changed();
    return next;
  }

  const restored = restore()
    .catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : 'unknown error';
      ports.log.warning('restoring what was wanted failed', { cause });
    })
    .finally(() => {
      underWay -= 1;
      considerIdle();
    });

  function isIdle(): boolean {
    return underWay === 0 && connections.isIdle() && work.every(({ endedAt }) => endedAt !== null);
  }

  function considerIdle(): void {
    const now = isIdle();
    if (now !== wasIdle) {
      wasIdle = now;
      for (const listener of idleListeners) {
        listener(now);
      }
    }
  }

  function watchKubeconfig(): void {
    unwatchKubeconfig();
    unwatchKubeconfig = ports.kubeconfig.watch(settings.kubeconfigFiles, () => {
      contextsRevision += 1;
      activity.note({ kind: 'kubeconfig-changed' });
      connections.contextsChanged();
      changed();
    });
  }

  /** Takes up what an earlier core left: after a crash that is what the user still wants. */
  async function restore(): Promise<void> {
    await activity.restore();
    activity.note({ kind: 'core-started', facts: { build } });
    settings = await readSettings(ports.store, ports.log);
    for (const digest of await ports.store.trustedExecPlugins()) {
      trusted.add(digest);
    }
    records = await ports.store.contextRecords();
    watchKubeconfig();
    helper = await ports.helper.state();
    const kept = await ports.store.wanted();
    if (kept.length === 0) {
      changed();
      return;
    }
    if (!settings.recover) {
      await dependencies.setWanted([]);
      return;
    }
    for (const one of kept) {
      const { context, file } = one;
      const record = recordOf(records, { name: context, file });
      const mark = record?.caller ?? null;
      const kubeconfig = mark === null ? ports.kubeconfig : ports.kubeconfig.withFilesOf(mark);
      const found = await findContext(kubeconfig, settings.kubeconfigFiles, trusted, context, file);
      const target = { name: context, file, server: found.ok ? found.value.server : '' };
      const held = record?.used ?? record?.confirmed ?? null;
      if (connections.turnOn(one, target, true, held, { kubeconfig, mark }).ok) {
        wanted = [...wanted, one];
        await dependencies.setRecords(remember(records, target, { lastUsedAt: ports.clock.now() }));
      }
    }
    dependencies.contextsChanged();
  }

  async function answer<Name extends CommandName>(
    handlers: Handlers,
    command: Name,
    input: unknown,
  ): Promise<Result<CommandOutput<Name>>> {
    type Answer = Result<CommandOutput<Name>>;
    underWay += 1;
    considerIdle();
    try {
      await restored;
      const definition = commands[command];
      if (isClosed) {
        return failure(problem('core-unreachable', cause('coreEnding'))) as Answer;
      }
      const parsed = definition.input.safeParse(input);
      if (!parsed.success) {
        const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'input').join(', ');
        return failure(problem('message-malformed', `${command} cannot be read at ${places}`)) as Answer;
      }
      const answered = await handlers[command](parsed.data as CommandArguments<Name>);
      return answered.ok ? answered : (failure(withFacts(answered.problem, contextIn(parsed.data))) as Answer);
    } catch (error) {
      return failure(problem('internal', error instanceof Error ? error.message : 'unknown error')) as Answer;
    } finally {
      underWay -= 1;
      considerIdle();
    }
  }

  return {
    call: (command, input) => answer(own, command, input),
    as: (caller, gone) => {
      const asCaller = (by: Caller) => ({
        ports: { ...ports, kubeconfig: ports.kubeconfig.as(by) },
        kubeconfigFiles: () => settings.kubeconfigFiles,
      });
      const theirs = createHandlers({ ...dependencies, ...(caller === null ? {} : asCaller(caller)), gone });
      return { call: (command, input) => answer(theirs, command, input) };
    },
    watch: (listener) => publisher.watch(listener),
    subscribe: (stream, input, listener, ended) =>
      openWhenReady(
        restored,
        (over) =>
          isClosed
            ? failure(problem('core-unreachable', cause('coreEnding')))
            : streams.subscribe(stream, input, listener, over),
        ended,
      ),
    idle: (listener) => {
      idleListeners.add(listener);
      listener(isIdle());
    },
    quitAsked: (listener) => {
      quitListeners.add(listener);
    },
    close: async () => {
      isClosed = true;
      unwatchKubeconfig();
      await restored;
      connections.turnOff();
      await Promise.all([connections.undone(), jobs.close()]);
      streams.close();
      publisher.close();
    },
  };
}
