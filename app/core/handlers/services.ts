/** Services and pods of a cluster, from the open connection's informers where there is one, and the test of one. */
import { type ContextKey, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { selectNamespaces } from '../catalog/endpoints.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import { testPod } from '../diagnostics/test-pod.ts';
import { testService } from '../diagnostics/test-service.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names = 'listServices' | 'listPods' | 'testService' | 'testPod';

export function serviceHandlers({ ports }: Dependencies, access: Access): Pick<Handlers, Names> {
  async function connectedTo(key: ContextKey): Promise<Result<Runner>> {
    const runner = await access.runnerOf(key);
    if (!runner.ok) {
      return runner;
    }
    return runner.value !== null && isEstablished(runner.value.state())
      ? success(runner.value)
      : failure(problem('not-connected', cause('throughTunnel'), { context: key.context }));
  }

  return {
    listServices: async ({ namespaces, ...request }) => {
      const listed = await access.withCluster(request, async (cluster, runner) => {
        const known = (await runner?.firstCatalogue()) ?? null;
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
      const runner = await connectedTo(target);
      return runner.ok ? testPod(runner.value, target) : runner;
    },

    testService: async (target) => {
      const runner = await connectedTo(target);
      return runner.ok ? success(await testService(ports, runner.value, target)) : runner;
    },
  };
}
