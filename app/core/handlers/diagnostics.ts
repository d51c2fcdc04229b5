/** Looking at the laptop and the cluster. */
import { success } from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { runChecks } from '../diagnostics/checks.ts';
import type { Access } from './access.ts';
import type { Handlers, Surroundings } from './surroundings.ts';

export function diagnosticHandlers(surroundings: Surroundings, access: Access): Pick<Handlers, 'runChecks'> {
  const { ports, connections, trusted } = surroundings;
  return {
    runChecks: async ({ context, trustExec }, level) => {
      const listed = await listContexts(ports.kubeconfig, surroundings.settings().kubeconfigFiles, trusted);
      const active = connections.active();
      const name =
        context ||
        active?.state().cluster.context ||
        listed.contexts.find(({ current }) => current)?.name ||
        listed.contexts[0]?.name ||
        '';
      const found = await access.findTrusted(name, trustExec, level);
      return success({ checks: await runChecks(ports, found, trusted, connections.find(name), active) });
    },
  };
}
