/** Switching connections on and off, and what will be changed before that. */

import {
  failure,
  isSameKey,
  type Names as NamesInForce,
  problem,
  type Route,
  success,
  type Wanted,
} from '../../contract/index.ts';
import { remember, seen } from '../clusters/records.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import { isMeant, type Which } from '../connections.ts';
import { inspectHost } from '../diagnostics/inspect-host.ts';
import { decideRoutes, planRanges, wantedRanges } from '../routing/plan.ts';
import { wantedFor, withChoices } from '../settings/context-choices.ts';
import { changeSettings } from '../settings/settings.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names = 'previewRoutes' | 'connect' | 'disconnect' | 'setHomeNamespace' | 'prepareHelper' | 'quit';

/** How long setting names may take before the answer says what is in force then, in milliseconds; the snapshot tells later ones. */
const namesPatience = 5000;

export function connectionHandlers(dependencies: Dependencies, access: Access): Pick<Handlers, Names> {
  const { ports, connections } = dependencies;

  /** Switching happens in the order that it was asked for, so that a disconnect never overtakes its connect. */
  let switching: Promise<unknown> = Promise.resolve();
  const inOrder = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = switching.then(work, work);
    switching = done.catch(() => {});
    return done;
  };

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

  return {
    previewRoutes: async (request) => {
      const runner = connections.find(request.context, request.file);
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
      const settings = dependencies.settings();
      const found = await access.findTrusted(request);
      if (!found.ok) {
        return found;
      }
      const wanted = wantedFor(settings, found.value, {});
      return access.withCluster(request, async (cluster) => {
        const [ranges, protectedAddresses] = await Promise.all([
          cluster.discoverRanges(),
          cluster.protectedAddresses(),
        ]);
        const planned = ranges.ok ? planRanges(ranges.value, settings) : ranges;
        if (!planned.ok) {
          return planned;
        }
        const inspected = await inspectHost(ports, wantedRanges(planned.value), protectedAddresses);
        if (!inspected.ok) {
          return inspected;
        }
        const { host, decisions } = inspected.value;
        const routes: Route[] = [...decideRoutes(planned.value, decisions).routes];
        return success({
          routes,
          resolverMode: settings.resolverMode === 'off' ? 'off' : host.resolverMode,
          upstreams: [...host.upstreams],
          agent: {
            namespace: wanted.agentNamespace,
            image: wanted.agentImage || wanted.baseImage,
            delivery: wanted.agentImage === '' ? ('sent' as const) : ('image' as const),
          },
        });
      });
    },

    connect: (input) =>
      inOrder(async () => {
        const found = await access.findTrusted(input);
        if (!found.ok) {
          return found;
        }
        const context = found.value;
        const { answersFor } = input;
        if (answersFor !== undefined) {
          const kept = await dependencies.changeSettings((settings) =>
            changeSettings(withChoices(settings, context.name, context.file, { answersFor }), {}),
          );
          if (!kept.ok) {
            return kept;
          }
        }
        const wanted: Wanted = wantedFor(dependencies.settings(), context, input);
        if (!connections.active().some((runner) => isSameKey(runner.state().cluster, wanted))) {
          await connections.undone(); // one that was just switched off is no reason to refuse another
        }
        const turnedOn = connections.turnOn(wanted, context, false, seen(context));
        if (!turnedOn.ok) {
          return turnedOn;
        }
        const others = dependencies
          .wanted()
          .filter((one) => !isSameKey(one, wanted) && connections.find(one.context, one.file) !== null);
        await dependencies.setWanted([...others, wanted]);
        const used = remember(dependencies.records(), context, {
          used: seen(context),
          lastUsedAt: ports.clock.now(),
        });
        await dependencies.setRecords(used); // a loss of "recently used" is no reason to refuse
        dependencies.contextsChanged();
        return success({ wanted });
      }),

    disconnect: async (which) => success({ leftOnHost: await disconnect(which) }),

    setHomeNamespace: ({ context: name, file: ofFile, namespace }) =>
      inOrder(async () => {
        const runner = connections.find(name, ofFile);
        const state = runner?.state();
        const found = runner === null ? await access.find(name, ofFile) : null;
        if (found !== null && !found.ok) {
          return found;
        }
        const known = runner?.catalogue()?.namespaces ?? [];
        if (known.length > 0 && !known.includes(namespace)) {
          const cause = `the cluster has ${known.length} namespaces, and none of this name`;
          return failure(problem('namespace-missing', cause, { namespace, context: name }));
        }
        const file = state?.cluster.file ?? found?.value.file ?? '';
        const kept = await dependencies.changeSettings((settings) =>
          changeSettings(withChoices(settings, name, file, { homeNamespace: namespace }), {}),
        );
        if (!kept.ok) {
          return kept;
        }
        if (runner === null || state === undefined) {
          return success({ names: null });
        }
        const before = isEstablished(state) ? state.live.names : null;
        const isMoved = state.wanted.homeNamespace !== namespace;
        runner.dispatch({ kind: 'homeChosen', homeNamespace: namespace });
        const isOf = (one: Wanted) => isSameKey(one, { context: name, file });
        const wanted = dependencies.wanted();
        if (wanted.some(isOf)) {
          await dependencies.setWanted(wanted.map((one) => (isOf(one) ? { ...one, homeNamespace: namespace } : one)));
        }
        return success({ names: isMoved ? await namesAfter(runner, before) : before });
      }),

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
