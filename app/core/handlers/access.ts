/** The way to a cluster that handlers share: finds the context, minds which programs may run, opens and closes. */
import { type Context, failure, type Result } from '../../contract/index.ts';
import { findContext, openCluster, unconfirmedPlugin } from '../clusters/contexts.ts';
import type { ClusterPort } from '../ports.ts';
import type { Dependencies } from './dependencies.ts';

/** Which context is meant; `trustExec` remembers that its plugin may run. */
export interface ContextRequest {
  readonly context: string;
  /** Empty: whichever has this name now. */
  readonly file: string;
  readonly trustExec: boolean;
}

export interface Access {
  find(name: string, file?: string): Promise<Result<Context>>;
  trust(digest: string): Promise<Result<null>>;
  /** Finds a context whose plugin may run. */
  findTrusted(request: ContextRequest): Promise<Result<Context>>;
  /** Asks a cluster something: through the open connection where there is one, else through one opened for this. */
  withCluster<Value>(
    request: ContextRequest,
    ask: (cluster: ClusterPort) => Promise<Result<Value>>,
  ): Promise<Result<Value>>;
}

export function createAccess(dependencies: Dependencies): Access {
  const { ports, connections, trusted } = dependencies;

  const find = (name: string, file = '') =>
    findContext(ports.kubeconfig, dependencies.settings().kubeconfigFiles, trusted, name, file);

  async function trust(digest: string): Promise<Result<null>> {
    trusted.add(digest);
    return ports.store.trustExecPlugin(digest);
  }

  async function findTrusted({ context, file, trustExec }: ContextRequest): Promise<Result<Context>> {
    const found = await find(context, file);
    if (!found.ok) {
      return found;
    }
    const { execPlugin } = found.value;
    if (trustExec && execPlugin !== null && !trusted.has(execPlugin.digest)) {
      const kept = await trust(execPlugin.digest);
      if (!kept.ok) {
        return kept;
      }
    }
    const unconfirmed = unconfirmedPlugin(context, execPlugin, trusted);
    return unconfirmed === null ? found : failure(unconfirmed);
  }

  return {
    find,
    trust,
    findTrusted,
    withCluster: async (request, ask) => {
      const open = connections.find(request.context, request.file)?.cluster() ?? null;
      if (open !== null) {
        return ask(open);
      }
      const found = await findTrusted(request);
      if (!found.ok) {
        return found;
      }
      const opened = await openCluster(ports.kubeconfig, found.value, trusted);
      if (!opened.ok) {
        return opened;
      }
      try {
        return await ask(opened.value);
      } finally {
        opened.value.close();
      }
    },
  };
}
