/** The handler of each command of the contract. Input and level were checked; nothing here throws on purpose. */
import {
  type CommandArguments,
  type CommandName,
  type CommandOutput,
  type Context,
  failure,
  type Level,
  type Result,
  type Route,
  type Settings,
  type Snapshot,
  success,
  type Wanted,
} from '../contract/index.ts';
import { selectServices } from './catalog/endpoints.ts';
import { findContext, listContexts, openCluster, unconfirmedPlugin } from './clusters/contexts.ts';
import type { Connections } from './connections.ts';
import { runChecks } from './diagnostics/checks.ts';
import { inspectHost } from './diagnostics/inspect-host.ts';
import type { ClusterPort, Ports } from './ports.ts';
import { decideRoutes, planRanges, prefixesOf } from './routing/plan.ts';
import { changeSettings } from './settings/settings.ts';

export interface Surroundings {
  readonly ports: Ports;
  readonly connections: Connections;
  readonly trusted: Set<string>;
  settings(): Settings;
  setSettings(settings: Settings): void;
  setWanted(wanted: readonly Wanted[]): Promise<void>;
  snapshot(): Snapshot;
  quit(): void;
}

export type Handlers = {
  readonly [Name in CommandName]: (input: CommandArguments<Name>, level: Level) => Promise<Result<CommandOutput<Name>>>;
};

export function createHandlers(surroundings: Surroundings): Handlers {
  const { ports, connections, trusted } = surroundings;

  /** Switching happens in the order that it was asked for, so that a disconnect never overtakes its connect. */
  let switching: Promise<unknown> = Promise.resolve();
  const inOrder = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = switching.then(work, work);
    switching = done.catch(() => {});
    return done;
  };

  const find = (name: string, file = '') =>
    findContext(ports.kubeconfig, surroundings.settings().kubeconfigFiles, trusted, name, file);

  async function trust(digest: string): Promise<Result<null>> {
    trusted.add(digest);
    return ports.store.trustExecPlugin(digest);
  }

  /** Finds a context whose plugin may run. `trustExec` is heard only from those who may change trust. */
  async function findTrusted(name: string, trustExec: boolean, level: Level): Promise<Result<Context>> {
    const found = await find(name);
    if (!found.ok) {
      return found;
    }
    const { execPlugin } = found.value;
    if (trustExec && level === 'administer' && execPlugin !== null && !trusted.has(execPlugin.digest)) {
      const kept = await trust(execPlugin.digest);
      if (!kept.ok) {
        return kept;
      }
    }
    const unconfirmed = unconfirmedPlugin(name, execPlugin, trusted);
    return unconfirmed === null ? found : failure(unconfirmed);
  }

  /** Asks a cluster something: through the open connection where there is one, else through one opened for this. */
  async function withCluster<Value>(
    name: string,
    trustExec: boolean,
    level: Level,
    ask: (cluster: ClusterPort) => Promise<Result<Value>>,
  ): Promise<Result<Value>> {
    const open = connections.find(name)?.cluster() ?? null;
    if (open !== null) {
      return ask(open);
    }
    const found = await findTrusted(name, trustExec, level);
    if (!found.ok) {
      return found;
    }
    const opened = await openCluster(ports.kubeconfig, found.value, trusted);
    if (!opened.ok) {
      return opened;
    }
    try {
      return await ask(opened.value);
    } finally {
      opened.value.close();
    }
  }

  async function disconnect(): Promise<number> {
    await inOrder(async () => {
      connections.turnOffAll();
      await surroundings.setWanted([]);
    });
    await connections.hostRestored();
    return connections.leftOnHost();
  }

  return {
    listContexts: async () =>
      success(await listContexts(ports.kubeconfig, surroundings.settings().kubeconfigFiles, trusted)),

    listNamespaces: ({ context, trustExec }, level) =>
      withCluster(context, trustExec, level, (cluster) => cluster.listNamespaces()),

    listServices: async ({ context, namespaces, trustExec }, level) => {
      const known = connections.find(context)?.catalogue() ?? null;
      const listed =
        known === null
          ? await withCluster(context, trustExec, level, (cluster) => cluster.listCatalogue(namespaces))
          : success(known);
      return listed.ok
        ? success({ services: selectServices(listed.value.services, namespaces), problems: [...listed.value.problems] })
        : listed;
    },

    previewRoutes: async ({ context, trustExec }, level) => {
      const runner = connections.find(context);
      const state = runner?.state();
      const isOn = state?.phase === 'connected' || state?.phase === 'reconnecting';
      if (isOn && runner !== null) {
        return success({ routes: [...state.live.routes], resolverMode: runner.host()?.resolverMode ?? '' });
      }
      return withCluster(context, trustExec, level, async (cluster) => {
        const [ranges, protectedAddresses] = await Promise.all([
          cluster.discoverRanges(),
          cluster.protectedAddresses(),
        ]);
        const planned = ranges.ok ? planRanges(ranges.value, surroundings.settings()) : ranges;
        if (!planned.ok) {
          return planned;
        }
        const inspected = await inspectHost(ports, prefixesOf(planned.value), protectedAddresses);
        if (!inspected.ok) {
          return inspected;
        }
        const routes: Route[] = [...decideRoutes(planned.value, inspected.value.decisions).routes];
        return success({ routes, resolverMode: inspected.value.host.resolverMode });
      });
    },

    connect: (input, level) =>
      inOrder(async () => {
        const found = await findTrusted(input.context, input.trustExec, level);
        if (!found.ok) {
          return found;
        }
        const context = found.value;
        const settings = surroundings.settings();
        const homeNamespace = input.homeNamespace || context.namespace || 'default';
        const wanted: Wanted = {
          context: context.name,
          file: context.file,
          homeNamespace,
          agentNamespace: input.agentNamespace || homeNamespace,
          agentImage: input.agentImage || (input.baseImage === '' ? settings.agentImage : ''),
          baseImage: input.baseImage || settings.baseImage,
        };
        if (connections.active()?.state().cluster.context !== context.name) {
          await connections.undone(); // one that was just switched off is no reason to refuse another
        }
        const turnedOn = connections.turnOn(wanted, context, false);
        if (!turnedOn.ok) {
          return turnedOn;
        }
        await surroundings.setWanted([wanted]);
        return success({ wanted });
      }),

    disconnect: async () => success({ leftOnHost: await disconnect() }),

    trustExecPlugin: async ({ context, digest }) => {
      const found = await find(context);
      if (!found.ok) {
        return found;
      }
      const { execPlugin } = found.value;
      if (execPlugin === null || execPlugin.digest !== digest) {
        const changed = unconfirmedPlugin(context, execPlugin, new Set());
        return changed === null ? success({}) : failure(changed); // the file changed since it was shown: show it anew
      }
      const kept = await trust(digest);
      return kept.ok ? success({}) : kept;
    },

    getSnapshot: async () => success(surroundings.snapshot()),

    runChecks: async ({ context, trustExec }, level) => {
      const listed = await listContexts(ports.kubeconfig, surroundings.settings().kubeconfigFiles, trusted);
      const active = connections.active();
      const name =
        context ||
        active?.state().cluster.context ||
        listed.contexts.find(({ current }) => current)?.name ||
        listed.contexts[0]?.name ||
        '';
      const found = await findTrusted(name, trustExec, level);
      return success({ checks: await runChecks(ports, found, trusted, connections.find(name), active) });
    },

    getSettings: async () => success(surroundings.settings()),

    changeSettings: async (input) => {
      const changed = changeSettings(surroundings.settings(), input);
      if (!changed.ok) {
        return changed;
      }
      const saved = await ports.store.saveSettings(changed.value);
      if (!saved.ok) {
        return saved;
      }
      surroundings.setSettings(changed.value);
      return success(changed.value);
    },

    quit: async () => {
      await disconnect();
      await connections.undone();
      // After the answer is on its way: the frontend that asked wants to hear it.
      ports.clock.after(0, () => surroundings.quit());
      return success({});
    },
  };
}
