/** What happens to a packet: by the connection that is on, or by what the cluster lists while it is off. */
import { success } from '../../contract/index.ts';
import { isEstablished } from '../connection/outcome.ts';
import { explain, targetOf } from '../diagnostics/explain.ts';
import { offeredDomains } from '../naming/offered-domains.ts';
import { choicesFor } from '../settings/context-choices.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

export function explainHandlers(
  { ports, connections, settings }: Dependencies,
  access: Access,
  { previewRoutes, listPods }: Pick<Handlers, 'previewRoutes' | 'listPods'>,
): Pick<Handlers, 'explain'> {
  const podsOf = (context: string, file: string) => async () => {
    const listed = await listPods({ context, file, namespaces: [], trustExec: false });
    return listed.ok && listed.value.problems.length === 0 ? listed.value.pods : null;
  };
  return {
    explain: async ({ context: named, file: itsFile, target: text, trustExec }) => {
      const target = targetOf(text);
      if (!target.ok) {
        return target;
      }
      const on = named === '' ? (connections.active()[0] ?? null) : connections.find(named, itsFile);
      const state = on?.state();
      if (on !== null && state !== undefined && isEstablished(state)) {
        const { live, cluster, wanted } = state;
        const catalogue = on.catalogue();
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
            listPods: podsOf(cluster.context, cluster.file),
          }),
        );
      }
      const found = await access.find(named, itsFile);
      if (!found.ok) {
        return found;
      }
      const { name: context, file, namespace } = found.value;
      const request = { context, file, trustExec };
      const trusted = await access.findTrusted(request);
      if (!trusted.ok) {
        return trusted;
      }
      const catalogue = await access.withCluster(request, (cluster) => cluster.listCatalogue([]));
      if (!catalogue.ok) {
        return catalogue;
      }
      const routes = await previewRoutes(request);
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
          listPods: podsOf(context, file),
        }),
      );
    },
  };
}
