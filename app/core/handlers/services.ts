/** Services and pods of a cluster, from the open connection's informers where there is one, and the test of one. */
import { cause, failure, problem, success } from '../../contract/index.ts';
import { selectNamespaces } from '../catalog/endpoints.ts';
import { isEstablished } from '../connection/outcome.ts';
import { testPod } from '../diagnostics/test-pod.ts';
import { testService } from '../diagnostics/test-service.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names = 'listServices' | 'listPods' | 'testService' | 'testPod';

export function serviceHandlers({ ports, connections }: Dependencies, access: Access): Pick<Handlers, Names> {
  return {
    listServices: async ({ namespaces, ...request }) => {
      const listed = await access.withCluster(request, async (cluster, runner) => {
        const known = runner?.catalogue() ?? null;
        return known === null ? cluster.listCatalogue(namespaces) : success(known);
      });
      return listed.ok
        ? success({
            services: selectNamespaces(listed.value.services, namespaces),
            problems: [...listed.value.problems],
          })
        : listed;
    },

    listPods: async ({ namespaces, ...request }) => {
      const listed = await access.withCluster(request, async (cluster, runner) => {
        const known = runner?.pods.list() ?? null;
        return known === null ? cluster.listPods(namespaces) : success(known);
      });
      return listed.ok
        ? success({ pods: selectNamespaces(listed.value.pods, namespaces), problems: [...listed.value.problems] })
        : listed;
    },

    testPod: async (target) => {
      const runner = connections.find(target.context, target.file);
      if (runner === null || !isEstablished(runner.state())) {
        const { context } = target;
        return failure(problem('not-connected', cause('throughTunnel'), { context }));
      }
      return testPod(ports, runner, target);
    },

    testService: async (target) => {
      const runner = connections.find(target.context, target.file);
      if (runner === null || !isEstablished(runner.state())) {
        const { context } = target;
        return failure(problem('not-connected', cause('throughTunnel'), { context }));
      }
      return success({ steps: await testService(ports, runner, target) });
    },
  };
}
