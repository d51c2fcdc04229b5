/** Looking at the laptop and the cluster. */
import {
  answerOf,
  type Check,
  type Context,
  cause,
  failure,
  type Names as NamesInForce,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { withRecords } from '../clusters/records.ts';
import { isEstablished } from '../connection/outcome.ts';
import { runChecks } from '../diagnostics/checks.ts';
import { inspectHost } from '../diagnostics/inspect-host.ts';
import { proveOff } from '../diagnostics/prove-off.ts';
import { type Question, testResolvers } from '../diagnostics/test-resolvers.ts';
import type { ContextRecord } from '../ports.ts';
import { choicesFor } from '../settings/context-choices.ts';
import type { Access, ContextRequest } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names = 'runChecks' | 'testResolvers' | 'proveOff';

/** An outside name that always exists (RFC 2606), where the API server's own is none to ask for. */
const outsideName = 'example.com';

/** The agent of a connection that is on has to be there. */
const stillOn = { state: 'not-checked', ...answerOf(cause('proofIsOn')), problem: null } as const;

/** With an empty context: the one that is on, or the current one. */
interface ChecksRequest extends ContextRequest {
  readonly onlyConfirmed: boolean;
  readonly mayStartHelper: boolean;
}

export async function checksOf(
  { ports, connections, trusted, settings, kubeconfigFiles, records, logins }: Dependencies,
  access: Access,
  { mayStartHelper, onlyConfirmed, ...request }: ChecksRequest,
): Promise<Check[]> {
  const [active = null] = connections.active();
  const usual = async () => {
    const { contexts } = await listContexts(ports.kubeconfig, kubeconfigFiles(), trusted);
    const one = contexts.find(({ current }) => current) ?? contexts[0];
    return { context: one?.name ?? '', file: one?.file ?? '' };
  };
  const { context, file } = request.context === '' ? (active?.state().cluster ?? (await usual())) : request;
  const trustedOne = await access.findTrusted({ context, file, trustExec: request.trustExec });
  const running = await access.runnerOf({ context, file });
  const runner = running.ok ? running.value : null;
  const isOpen = (runner?.cluster() ?? null) !== null;
  const isAwaited = trustedOne.ok && logins.isAwaited(trustedOne.value);
  const unasked = isAwaited ? failure(problem('exec-waiting', cause('loginAwaited'))) : null;
  const found = onlyConfirmed && !isOpen ? (unasked ?? ifConfirmed(trustedOne, records())) : trustedOne;
  return runChecks(ports, found, access.openToAsk, runner, active, mayStartHelper, settings());
}

/** What a kubeconfig names is asked nothing, and sent no credentials, before somebody saw what that is. */
function ifConfirmed(found: Result<Context>, records: readonly ContextRecord[]): Result<Context> {
  const isConfirmed = found.ok && withRecords([found.value], records)[0]?.confirmed === true;
  return isConfirmed || !found.ok
    ? found
    : failure(
        problem('context-unconfirmed', cause('names', { file: found.value.file }), { context: found.value.name }),
      );
}

export function diagnosticHandlers(dependencies: Dependencies, access: Access): Pick<Handlers, Names> {
  const { ports, connections } = dependencies;

  /** Servers that answer now. The helper is asked only where it runs. */
  async function upstreamsNow(names: NamesInForce | null): Promise<readonly string[]> {
    const known = names?.upstreams ?? connections.active().flatMap((runner) => runner.host()?.upstreams ?? []);
    if (known.length > 0 || connections.active().length > 0) {
      return known;
    }
    const helper = await ports.helper.state();
    const inspected = helper.state === 'ready' ? await inspectHost(ports) : null;
    return inspected?.ok ? inspected.value.host.upstreams : [];
  }
  return {
    runChecks: async (request) =>
      success({ checks: await checksOf(dependencies, access, { ...request, mayStartHelper: true }) }),

    testResolvers: async ({ context, file, name }) => {
      const running =
        context === '' ? success(connections.active()[0] ?? null) : await access.runnerOf({ context, file });
      if (!running.ok) {
        return running;
      }
      const state = running.value?.state();
      const names = state !== undefined && isEstablished(state) ? state.live.names : null;
      const domain = names?.clusterDomain || 'cluster.local';
      const [, server = ''] = /^https?:\/\/([^/:[\]]+)/.exec(state?.cluster.server ?? '') ?? [];
      const isName = /[a-z]/i.test(server);
      const isOfCluster = /\.(svc|pod)$/.test(name) || name.endsWith(`.${domain}`);
      const questions: Question[] =
        name === ''
          ? [
              { name: `kubernetes.default.svc.${domain}`, isOfCluster: true },
              { name: isName ? server : outsideName, isOfCluster: false },
            ]
          : [{ name, isOfCluster }];
      return success({ answers: await testResolvers(ports, questions, names, await upstreamsNow(names)) });
    },

    proveOff: async ({ context, file }) => {
      const active = connections.active();
      const settings = dependencies.settings();
      const found = await access.find(context, file);
      const running = await access.runnerOf({ context, file });
      const runner = running.ok ? running.value : null;
      const isOnItself = active.some((one) => one === runner);
      const wanted = runner?.state().wanted.agentNamespace;
      const chosen = found.ok ? choicesFor(settings, found.value.name, found.value.file)?.agentNamespace : '';
      const namespace = wanted || chosen || (found.ok ? found.value.namespace : '') || 'default';
      const agents = await access.withCluster({ context, file, trustExec: false }, (cluster) =>
        cluster.findAgents(namespace),
      );
      const busy = active.map((runner) => runner.state()).find(({ phase }) => phase !== 'disconnecting');
      const busyWith = busy?.cluster.context ?? '';
      const proofs = await proveOff(ports, { busyWith, leftOnHost: connections.leftOnHost(), agents });
      return success({
        proofs: isOnItself
          ? proofs.map((proof) => (proof.proof === 'cluster' ? { ...proof, ...stillOn } : proof))
          : proofs,
      });
    },
  };
}
