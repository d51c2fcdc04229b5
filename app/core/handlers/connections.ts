/** Switching connections on and off, and what will be changed before that. */
import { failure, type Route, success, type Wanted } from '../../contract/index.ts';
import { remember } from '../clusters/records.ts';
import { inspectHost } from '../diagnostics/inspect-host.ts';
import { decideRoutes, planRanges, prefixesOf } from '../routing/plan.ts';
import { wantedFor } from '../settings/context-choices.ts';
import type { Access } from './access.ts';
import type { Handlers, Surroundings } from './surroundings.ts';

type Names = 'previewRoutes' | 'connect' | 'disconnect' | 'prepareHelper' | 'quit';

export function connectionHandlers(surroundings: Surroundings, access: Access): Pick<Handlers, Names> {
  const { ports, connections } = surroundings;

  /** Switching happens in the order that it was asked for, so that a disconnect never overtakes its connect. */
  let switching: Promise<unknown> = Promise.resolve();
  const inOrder = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = switching.then(work, work);
    switching = done.catch(() => {});
    return done;
  };

  async function disconnect(): Promise<number> {
    await inOrder(async () => {
      connections.turnOffAll();
      await surroundings.setWanted([]);
    });
    await connections.hostRestored();
    return connections.leftOnHost();
  }

  return {
    previewRoutes: async ({ context, trustExec }, level) => {
      const runner = connections.find(context);
      const state = runner?.state();
      const isOn = state?.phase === 'connected' || state?.phase === 'reconnecting';
      if (isOn && runner !== null) {
        const { namespace, image, delivery } = state.live.agent;
        return success({
          routes: [...state.live.routes],
          resolverMode: runner.host()?.resolverMode ?? '',
          upstreams: [...(runner.host()?.upstreams ?? [])],
          agent: { namespace, image, delivery },
        });
      }
      const settings = surroundings.settings();
      const found = await access.findTrusted(context, trustExec, level);
      if (!found.ok) {
        return found;
      }
      const wanted = wantedFor(settings, found.value, {});
      return access.withCluster(context, trustExec, level, async (cluster) => {
        const [ranges, protectedAddresses] = await Promise.all([
          cluster.discoverRanges(),
          cluster.protectedAddresses(),
        ]);
        const planned = ranges.ok ? planRanges(ranges.value, settings) : ranges;
        if (!planned.ok) {
          return planned;
        }
        const inspected = await inspectHost(ports, prefixesOf(planned.value), protectedAddresses);
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

    connect: (input, level) =>
      inOrder(async () => {
        const found = await access.findTrusted(input.context, input.trustExec, level);
        if (!found.ok) {
          return found;
        }
        const context = found.value;
        const wanted: Wanted = wantedFor(surroundings.settings(), context, input);
        if (connections.active()?.state().cluster.context !== context.name) {
          await connections.undone(); // one that was just switched off is no reason to refuse another
        }
        const turnedOn = connections.turnOn(wanted, context, false);
        if (!turnedOn.ok) {
          return turnedOn;
        }
        await surroundings.setWanted([wanted]);
        const used = remember(surroundings.records(), context.name, context.file, { lastUsedAt: ports.clock.now() });
        await surroundings.setRecords(used); // a loss of "recently used" is no reason to refuse
        surroundings.contextsChanged();
        return success({ wanted });
      }),

    disconnect: async () => success({ leftOnHost: await disconnect() }),

    prepareHelper: async () => {
      const ensured = await ports.helper.ensure();
      surroundings.helperSeen(ensured);
      return ensured.ok ? success({ build: ensured.value.build }) : failure(ensured.problem);
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
