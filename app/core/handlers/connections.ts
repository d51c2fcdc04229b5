/** Switching connections on and off, and what will be changed before that. */

import {
  type Context,
  type ContextKey,
  cause,
  failure,
  isSameKey,
  type Names as NamesInForce,
  type Problem,
  problem,
  type Result,
  success,
  type Wanted,
} from '../../contract/index.ts';
import { remember, seen } from '../clusters/records.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import { isMeant, type Which } from '../connections.ts';
import { objectionTo } from '../naming/answers-for.ts';
import { wantedFor, withChoices } from '../settings/context-choices.ts';
import { changeSettings } from '../settings/settings.ts';
import type { Access } from './access.ts';
import { differenceFrom } from './connect-live.ts';
import type { Dependencies, Handlers } from './dependencies.ts';
import { previewThrough } from './preview.ts';

type Names =
  | 'previewRoutes'
  | 'connect'
  | 'disconnect'
  | 'getProxy'
  | 'setHomeNamespace'
  | 'preferNames'
  | 'prepareHelper'
  | 'quit';

/** How long setting names may take before the answer says what is in force then, in milliseconds; the snapshot tells later ones. */
const namesPatience = 5000;

export function connectionHandlers(dependencies: Dependencies, access: Access): Pick<Handlers, Names> {
  const { ports, connections, inOrder } = dependencies;

  const keepChoices = (context: string, file: string, choices: Parameters<typeof withChoices>[3]) =>
    dependencies.changeSettings((settings) => changeSettings(withChoices(settings, context, file, choices), {}));

  async function disconnect(which: Which): Promise<number> {
    await inOrder(async () => {
      connections.turnOff(which);
      await dependencies.setWanted(dependencies.wanted().filter((one) => !isMeant(which, one)));
    });
    await connections.hostRestored(which);
    return connections.leftOnHost(which);
  }

  /** The names in force, once those of another home namespace are; null while nothing is connected. */
  async function namesAfter(runner: Runner, before: NamesInForce | null): Promise<NamesInForce | null> {
    for (let waited = 0; waited < namesPatience; waited += 50) {
      const state = runner.state();
      if (!isEstablished(state)) {
        return null;
      }
      if (state.live.names !== before || state.live.names.mode === 'off' || state.phase !== 'connected') {
        return state.live.names;
      }
      await new Promise<void>((resolve) => void ports.clock.after(50, resolve));
    }
    return before;
  }

  async function moveHome(runner: Runner, namespace: string): Promise<void> {
    runner.dispatch({ kind: 'homeChosen', homeNamespace: namespace });
    const isOf = (one: Wanted) => isSameKey(one, runner.state().cluster);
    const wanted = dependencies.wanted();
    if (wanted.some(isOf)) {
      await dependencies.setWanted(wanted.map((one) => (isOf(one) ? { ...one, homeNamespace: namespace } : one)));
    }
  }

  /** A connect for what is on: another home namespace is put in force, and what gets there is checked now. */
  async function joinLive(
    runner: Runner,
    homeNamespace: string,
  ): Promise<Result<{ wanted: Wanted; already: boolean }>> {
    const { cluster, wanted } = runner.state();
    if (homeNamespace !== '' && homeNamespace !== wanted.homeNamespace) {
      const missing = namespaceMissing(runner, homeNamespace, cluster.context);
      if (missing !== null) {
        return failure(missing);
      }
      await moveHome(runner, homeNamespace);
    }
    const wasConnected = runner.state().phase === 'connected';
    if (wasConnected) {
      await runner.checkReach(); // what it finds is in the snapshot
    }
    return success({ wanted: runner.state().wanted, already: wasConnected });
  }

  return {
    previewRoutes: async (request) => {
      const running = await access.runnerOf(request);
      if (!running.ok) {
        return running;
      }
      const runner = running.value;
      const state = runner?.state();
      if (runner !== null && state !== undefined && isEstablished(state)) {
        const { namespace, image, delivery } = state.live.agent;
        return success({
          routes: [...state.live.routes],
          resolverMode: runner.host()?.resolverMode ?? '',
          upstreams: [...(runner.host()?.upstreams ?? [])],
          agent: { namespace, image, delivery },
        });
      }
      const found = await access.findTrusted(request);
      return found.ok
        ? access.withFound(found.value, (cluster) => previewThrough(cluster, found.value, dependencies))
        : found;
    },

    connect: (input) =>
      inOrder(async () => {
        const found = await access.findTrusted(input);
        if (!found.ok) {
          return found;
        }
        const context = found.value;
        const stranger = await access.objectionOfCaller(context);
        if (stranger !== null) {
          return failure(stranger);
        }
        const running = connections.active().find((runner) => isSameKey(runner.state().cluster, keyOfFound(context)));
        const state = running?.state();
        const isOn = state !== undefined && state.phase !== 'disconnecting';
        const refused = isOn && running !== undefined ? differenceFrom(running, context, input) : null;
        if (refused !== null) {
          return failure(refused);
        }
        const { answersFor } = input;
        if (answersFor !== undefined) {
          const names = state !== undefined && isEstablished(state) ? state.live.names : null;
          const objection = objectionTo(answersFor, names);
          if (objection !== null) {
            return failure(objection);
          }
          const kept = await keepChoices(context.name, context.file, { answersFor });
          if (!kept.ok) {
            return kept;
          }
        }
        const { agentPodPatch } = input;
        if (agentPodPatch !== undefined) {
          const kept = await keepChoices(context.name, context.file, { agentPodPatch });
          if (!kept.ok) {
            return kept;
          }
        }
        if (isOn && running !== undefined) {
          return joinLive(running, input.homeNamespace);
        }
        const mark = await ports.kubeconfig.mark();
        const wanted: Wanted = wantedFor(dependencies.settings(), context, input, dependencies.snapshot().place);
        if (running === undefined) {
          await connections.undone(); // one that was just switched off is no reason to refuse another
        }
        const turnedOn = connections.turnOn(wanted, context, false, seen(context), {
          kubeconfig: ports.kubeconfig,
          mark,
        });
        if (!turnedOn.ok) {
          return turnedOn;
        }
        const others = dependencies
          .wanted()
          .filter((one) => !isSameKey(one, wanted) && connections.find(one.context, one.file) !== null);
        await dependencies.setWanted([...others, wanted]);
        const used = remember(dependencies.records(), context, {
          used: seen(context),
          caller: mark,
          lastUsedAt: ports.clock.now(),
        });
        await dependencies.setRecords(used); // a loss of "recently used" is no reason to refuse
        dependencies.contextsChanged();
        return success({ wanted, already: false });
      }),

    disconnect: async (which) => success({ leftOnHost: await disconnect(which) }),

    getProxy: async (which) => {
      const runner = connections.active().find((one) => isMeant(which, one.state().cluster));
      const state = runner?.state();
      const isProxy = state !== undefined && isEstablished(state) && state.live.proxy !== null;
      const access = isProxy ? (runner?.proxy() ?? null) : null;
      if (access === null) {
        const context = which.context || runner?.state().cluster.context || 'CONTEXT';
        return failure(problem('not-connected', cause(runner === undefined ? 'proxyOff' : 'proxyNone'), { context }));
      }
      const { port, knowsUsers, username, password, pacToken } = access;
      return success({
        ...{ port, knowsUsers, username, password },
        pacUrl: `http://127.0.0.1:${port}/${pacToken}/proxy.pac`,
      });
    },

    setHomeNamespace: ({ context: name, file: ofFile, namespace }) =>
      inOrder(async () => {
        const running = await access.runnerOf({ context: name, file: ofFile });
        if (!running.ok) {
          return running;
        }
        const runner = running.value;
        const state = runner?.state();
        const found = runner === null ? await access.find(name, ofFile) : null;
        if (found !== null && !found.ok) {
          return found;
        }
        const missing = namespaceMissing(runner, namespace, name);
        if (missing !== null) {
          return failure(missing);
        }
        const file = state?.cluster.file ?? found?.value.file ?? '';
        const kept = await keepChoices(name, file, { homeNamespace: namespace });
        if (!kept.ok) {
          return kept;
        }
        if (runner === null || state === undefined) {
          return success({ names: null });
        }
        const before = isEstablished(state) ? state.live.names : null;
        const isMoved = state.wanted.homeNamespace !== namespace;
        await moveHome(runner, namespace);
        return success({ names: isMoved ? await namesAfter(runner, before) : before });
      }),

    preferNames: async ({ context, file }) => {
      const running = await access.runnerOf({ context, file });
      if (!running.ok) {
        return running;
      }
      if (running.value === null || !connections.active().includes(running.value)) {
        return failure(problem('not-connected', `${context} is off`, { context }));
      }
      if (running.value.state().wanted.proxy === true) {
        return failure(problem('not-connected', cause('proxyHasNames'), { context }));
      }
      const { context: name, file: ofFile } = running.value.state().cluster;
      const kept = await dependencies.changeSettings((settings) =>
        changeSettings(settings, { preferredNames: { context: name, file: ofFile } }),
      );
      return kept.ok ? success({}) : kept;
    },

    prepareHelper: async () => {
      const ensured = await ports.helper.ensure();
      dependencies.helperSeen(ensured);
      return ensured.ok ? success({ build: ensured.value.build }) : failure(ensured.problem);
    },

    quit: async () => {
      await disconnect({ context: '', file: '' });
      await connections.undone();
      // After the answer is on its way: the frontend that asked wants to hear it.
      ports.clock.after(0, () => dependencies.quit());
      return success({});
    },
  };
}

/** Where the namespaces are known and this is none of them. */
function namespaceMissing(runner: Runner | null, namespace: string, context: string): Problem | null {
  const known = runner?.catalogue()?.namespaces ?? [];
  if (known.length === 0 || known.includes(namespace)) {
    return null;
  }
  const because = `the cluster has ${known.length} namespaces, and none of this name`;
  return problem('namespace-missing', because, { namespace, context });
}

function keyOfFound({ name, file }: Context): ContextKey {
  return { context: name, file };
}
