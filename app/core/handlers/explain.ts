/** What happens to a packet: by the connection that is on, or by what the cluster lists while it is off. */
import { type Result, success } from '../../contract/index.ts';
import { isEstablished } from '../connection/outcome.ts';
import { explain, targetOf } from '../diagnostics/explain.ts';
import { offeredDomains } from '../naming/offered-domains.ts';
import type { PodList } from '../ports.ts';
import { choicesFor } from '../settings/context-choices.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';
import { previewThrough } from './preview.ts';

export function explainHandlers(
  dependencies: Dependencies,
  access: Access,
  { listPods }: Pick<Handlers, 'listPods'>,
): Pick<Handlers, 'explain'> {
  const { ports, connections, settings } = dependencies;
  return {
    explain: async ({ context: named, file: itsFile, target: text, trustExec }) => {
      const target = targetOf(text);
      if (!target.ok) {
        return target;
      }
      const running =
        named === ''
          ? success(connections.active()[0] ?? null)
          : await access.runnerOf({ context: named, file: itsFile });
      if (!running.ok) {
        return running;
      }
      const on = running.value;
      const state = on?.state();
      if (on !== null && state !== undefined && isEstablished(state)) {
        const { live, cluster, wanted } = state;
        const catalogue = await on.firstCatalogue();
        return success(
          await explain(ports, target.value, {
            context: cluster.context,
            services: catalogue?.services ?? [],
            namespaces: catalogue?.namespaces ?? [],
            routes: live.routes,
            names: live.names,
            upstreams: live.names.upstreams,
            offeredDomains: offeredDomains(live, state.policy),
            homeNamespace: wanted.homeNamespace,
            path: live.path,
            roundTripMicroseconds: live.roundTripMicroseconds,
            runner: on,
            listPods: async () => {
              const { context, file } = cluster;
              return podsOf(await listPods({ context, file, namespaces: [], trustExec: false }));
            },
          }),
        );
      }
      const found = await access.findTrusted({ context: named, file: itsFile, trustExec });
      if (!found.ok) {
        return found;
      }
      const { name: context, file, namespace } = found.value;
      // Opened once for all that is asked: each opening may be a login.
      return access.withFound(found.value, async (cluster) => {
        const catalogue = await cluster.listCatalogue([]);
        if (!catalogue.ok) {
          return catalogue;
        }
        const routes = await previewThrough(cluster, found.value, dependencies);
        if (!routes.ok) {
          return routes;
        }
        return success(
          await explain(ports, target.value, {
            context,
            services: catalogue.value.services,
            namespaces: catalogue.value.namespaces,
            routes: routes.value.routes,
            names: null,
            upstreams: routes.value.upstreams,
            offeredDomains: [],
            homeNamespace: choicesFor(settings(), context, file)?.homeNamespace || namespace,
            path: '',
            roundTripMicroseconds: 0,
            runner: null,
            listPods: async () => podsOf(await cluster.listPods([])),
          }),
        );
      });
    },
  };
}

/** Only whole: what is missing must not be taken for what is not there. */
function podsOf(listed: Result<Pick<PodList, 'pods' | 'problems'>>): PodList['pods'] | null {
  return listed.ok && listed.value.problems.length === 0 ? listed.value.pods : null;
}
