/** Looking at the laptop and the cluster. */
import { type Check, type Level, type Names as NamesInForce, success } from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { runChecks } from '../diagnostics/checks.ts';
import { inspectHost } from '../diagnostics/inspect-host.ts';
import { proveOff } from '../diagnostics/prove-off.ts';
import { type Question, testResolvers } from '../diagnostics/test-resolvers.ts';
import { choicesFor } from '../settings/context-choices.ts';
import type { Access } from './access.ts';
import type { Handlers, Surroundings } from './surroundings.ts';

type Names = 'runChecks' | 'testResolvers' | 'proveOff';

/** An outside name that always exists (RFC 2606), where the API server's own is none to ask for. */
const outsideName = 'example.com';

/** The agent of a connection that is on has to be there. */
const stillOn = { state: 'not-checked', answer: 'it is on', problem: null } as const;

interface ChecksWish {
  readonly context: string; // empty: the one that is on, or the current one
  readonly trustExec: boolean;
  readonly mayStartHelper: boolean;
}

export async function checksOf(
  { ports, connections, trusted, settings }: Surroundings,
  access: Access,
  { context, trustExec, mayStartHelper }: ChecksWish,
  level: Level,
): Promise<Check[]> {
  const listed = await listContexts(ports.kubeconfig, settings().kubeconfigFiles, trusted);
  const active = connections.active();
  const name =
    context ||
    active?.state().cluster.context ||
    listed.contexts.find(({ current }) => current)?.name ||
    listed.contexts[0]?.name ||
    '';
  const found = await access.findTrusted(name, trustExec, level);
  return runChecks(ports, found, trusted, connections.find(name), active, mayStartHelper);
}

export function diagnosticHandlers(surroundings: Surroundings, access: Access): Pick<Handlers, Names> {
  const { ports, connections } = surroundings;

  /** Servers that answer now. The helper is asked only where it runs. */
  async function upstreamsNow(names: NamesInForce | null): Promise<readonly string[]> {
    const known = names?.upstreams ?? connections.active()?.host()?.upstreams ?? [];
    if (known.length > 0 || connections.active() !== null) {
      return known;
    }
    const helper = await ports.helper.state();
    const inspected = helper.state === 'ready' ? await inspectHost(ports, [], []) : null;
    return inspected?.ok ? inspected.value.host.upstreams : [];
  }
  return {
    runChecks: async ({ context, trustExec }, level) =>
      success({ checks: await checksOf(surroundings, access, { context, trustExec, mayStartHelper: true }, level) }),

    testResolvers: async ({ context, name }) => {
      const runner = context === '' ? connections.active() : connections.find(context);
      const state = runner?.state();
      const names = state?.phase === 'connected' || state?.phase === 'reconnecting' ? state.live.names : null;
      const domain = names?.clusterDomain || 'cluster.local';
      const [, server = ''] = /^https?:\/\/([^/:[\]]+)/.exec(state?.cluster.server ?? '') ?? [];
      const isName = /[a-z]/i.test(server);
      const isOfCluster = name.endsWith('.svc') || name.endsWith(`.${domain}`);
      const questions: Question[] =
        name === ''
          ? [
              { name: `kubernetes.default.svc.${domain}`, isOfCluster: true },
              { name: isName ? server : outsideName, isOfCluster: false },
            ]
          : [{ name, isOfCluster }];
      return success({ answers: await testResolvers(ports, questions, names, await upstreamsNow(names)) });
    },

    proveOff: async ({ context }, level) => {
      const active = connections.active()?.state();
      const isOnItself = active !== undefined && active.cluster.context === context;
      const settings = surroundings.settings();
      const found = await access.find(context);
      const wanted = connections.find(context)?.state().wanted.agentNamespace;
      const chosen = found.ok ? choicesFor(settings, found.value.name, found.value.file)?.agentNamespace : '';
      const namespace = wanted || chosen || (found.ok ? found.value.namespace : '') || 'default';
      const agents = await access.withCluster(context, false, level, (cluster) => cluster.findAgents(namespace));
      const busyWith = active === undefined || active.phase === 'disconnecting' ? '' : active.cluster.context;
      const proofs = await proveOff(ports, { busyWith, leftOnHost: connections.leftOnHost(), agents });
      return success({
        proofs: isOnItself
          ? proofs.map((proof) => (proof.proof === 'cluster' ? { ...proof, ...stillOn } : proof))
          : proofs,
      });
    },
  };
}
