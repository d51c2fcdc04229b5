/** The way to a cluster that handlers share: finds the context, minds which programs may run, opens and closes. */
import {
  type Context,
  type ExecPlugin,
  failure,
  isSameKey,
  type Problem,
  type Result,
  success,
} from '../../contract/index.ts';
import { anybody, callerObjection } from '../clusters/callers.ts';
import { findContext } from '../clusters/contexts.ts';
import { objectionTo, openCluster } from '../clusters/opening.ts';
import { confirm, recordOf } from '../clusters/records.ts';
import type { Runner } from '../connection/runner.ts';
import type { ClusterPort } from '../ports.ts';
import { wantedFor } from '../settings/context-choices.ts';
import type { Dependencies } from './dependencies.ts';

/** Which context is meant; `trustExec` remembers that its plugin may run. */
export interface ContextRequest {
  readonly context: string;
  /** Empty: whichever has this name now. */
  readonly file: string;
  readonly trustExec: boolean;
}

export interface OpenedToAsk {
  readonly cluster: ClusterPort;
  /** To be called when the question was answered. */
  close(): void;
}

export interface Access {
  find(name: string, file?: string): Promise<Result<Context>>;
  trust(digest: string): Promise<Result<null>>;
  /** Why what is on of this context is not this caller's; null where nothing is on, or it is. */
  objectionOfCaller(context: Context): Promise<Problem | null>;
  /** The connection, where asking through it answers this caller and not somebody else; null where there is none such. */
  runnerOfCaller(request: Pick<ContextRequest, 'context' | 'file'>): Promise<Runner | null>;
  /** Finds a context whose plugin may run. */
  findTrusted(request: ContextRequest): Promise<Result<Context>>;
  /** Opens a cluster for a question, which ends with the frontend that asked. Its login is shown while it waits. */
  openToAsk(context: Context, namespace: string): Promise<Result<OpenedToAsk>>;
  /** Asks a cluster something: through the open connection where there is one, else through one opened for this. */
  withCluster<Value>(
    request: ContextRequest,
    ask: (cluster: ClusterPort) => Promise<Result<Value>>,
  ): Promise<Result<Value>>;
}

export function createAccess(dependencies: Dependencies): Access {
  const { ports, connections, trusted, logins, gone } = dependencies;

  const find = (name: string, file = '') =>
    findContext(ports.kubeconfig, dependencies.kubeconfigFiles(), trusted, name, file);

  async function trust(digest: string): Promise<Result<null>> {
    trusted.add(digest);
    return ports.store.trustExecPlugin(digest);
  }

  /**
   * Lets the plugin run, and holds the context to what it says at that moment. What was confirmed before and is another
   * one now is no first use: a flag that a script always gives must not wave a change through.
   */
  async function trustFirstUse(context: Context): Promise<Result<null>> {
    const records = dependencies.records();
    const { execPlugin } = context;
    if (execPlugin === null || (recordOf(records, context)?.confirmed ?? null)?.parts) {
      return success(null);
    }
    const kept = await trust(execPlugin.digest);
    return kept.ok ? dependencies.setRecords(confirm(records, context)) : kept;
  }

  const strangerTo = (runner: Runner, execPlugin: ExecPlugin | null) =>
    callerObjection(
      { ...runner.actor(), kubeconfig: ports.kubeconfig },
      { name: runner.state().cluster.context, execPlugin },
    );

  async function runnerOfCaller({ context, file }: Pick<ContextRequest, 'context' | 'file'>): Promise<Runner | null> {
    // A name alone means the caller's own files: another file's context of this name may be on.
    const found = file === '' ? await find(context) : null;
    const runner =
      found === null ? connections.find(context, file) : found.ok ? connections.find(context, found.value.file) : null;
    const open = runner?.cluster() ?? null;
    return runner === null || open === null || (await strangerTo(runner, open.execPlugin)) === null ? runner : null;
  }

  async function findTrusted({ context, file, trustExec }: ContextRequest): Promise<Result<Context>> {
    const found = await find(context, file);
    if (!found.ok) {
      return found;
    }
    if (trustExec) {
      const kept = await trustFirstUse(found.value);
      if (!kept.ok) {
        return kept;
      }
    }
    const objection = objectionTo(found.value, dependencies.confirmations());
    return objection === null ? found : failure(objection);
  }

  async function openToAsk(context: Context, namespace: string): Promise<Result<OpenedToAsk>> {
    const ending = new AbortController();
    const end = () => ending.abort();
    gone?.addEventListener('abort', end, { once: true });
    if (gone?.aborted === true) {
      end();
    }
    const waiting = { waits: logins.listenTo(context), signal: ending.signal };
    const open = () =>
      openCluster(anybody(ports.kubeconfig), context, namespace, dependencies.confirmations(), null, waiting);
    const opened = await (context.execPlugin === null ? open() : logins.inTurn(context, open, end));
    if (!opened.ok) {
      gone?.removeEventListener('abort', end);
      return opened;
    }
    const cluster = opened.value;
    // Credentials may be refused, and asked for again, at any request.
    ending.signal.addEventListener('abort', () => cluster.close(), { once: true });
    return success({
      cluster,
      close: () => {
        gone?.removeEventListener('abort', end);
        cluster.close();
      },
    });
  }

  return {
    find,
    trust,
    openToAsk,
    runnerOfCaller,
    objectionOfCaller: async ({ name, file, execPlugin }) => {
      const runner = connections.active().find((one) => isSameKey(one.state().cluster, { context: name, file }));
      return runner === undefined ? null : strangerTo(runner, execPlugin);
    },
    findTrusted,
    withCluster: async (request, ask) => {
      const open = (await runnerOfCaller(request))?.cluster() ?? null;
      if (open !== null) {
        return ask(open);
      }
      const found = await findTrusted(request);
      if (!found.ok) {
        return found;
      }
      const { homeNamespace } = wantedFor(dependencies.settings(), found.value, {});
      const opened = await openToAsk(found.value, homeNamespace);
      if (!opened.ok) {
        return opened;
      }
      try {
        return await ask(opened.value.cluster);
      } finally {
        opened.value.close();
      }
    },
  };
}
