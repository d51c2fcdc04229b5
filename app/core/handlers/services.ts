/** Services of a cluster, from the open connection's informers where there is one. */
import { success } from '../../contract/index.ts';
import { selectServices } from '../catalog/endpoints.ts';
import type { Access } from './access.ts';
import type { Handlers, Surroundings } from './surroundings.ts';

export function serviceHandlers({ connections }: Surroundings, access: Access): Pick<Handlers, 'listServices'> {
  return {
    listServices: async ({ context, namespaces, trustExec }, level) => {
      const known = connections.find(context)?.catalogue() ?? null;
      const listed =
        known === null
          ? await access.withCluster(context, trustExec, level, (cluster) => cluster.listCatalogue(namespaces))
          : success(known);
      return listed.ok
        ? success({ services: selectServices(listed.value.services, namespaces), problems: [...listed.value.problems] })
        : listed;
    },
  };
}
