/** The way to a cluster that handlers share: finds the context, minds which programs may run, opens and closes. */
import {
  type Context,
  type ContextKey,
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
  /**
   * What was made of the context that is meant, on or not; null where nothing was. A name alone means the caller's own
   * files: another file's context of this name may be on.
   */
  runnerOf(key: ContextKey): Promise<Result<Runner | null>>;
  /** Why what is on of this context is not this caller's; null where nothing is on, or it is. */
  objectionOfCaller(context: Context): Promise<Problem | null>;
  /** Finds a context whose plugin may run. */
  findTrusted(request: ContextRequest): Promise<Result<Context>>;
  /** Opens a cluster for a question, which ends with the frontend that asked. Its login is shown while it waits. */
  openToAsk(context: Context, namespace: string): Promise<Result<OpenedToAsk>>;
  /**
   * Asks a cluster something: through the open connection where that answers this caller and not somebody else, and then
   * `runner` is it; else through one opened for this.
   */
  withCluster<Value>(request: ContextRequest, ask: Question<Value>): Promise<Result<Value>>;
  /** The same of a context that findTrusted answered. */
  withFound<Value>(context: Context, ask: Question<Value>): Promise<Result<Value>>;
}

type Question<Value> = (cluster: ClusterPort, runner: Runner | null) => Promise<Result<Value>>;

export function createAccess(dependencies: Dependencies): Access {
  const { ports, connections, trusted, logins, gone } = dependencies;

  const find = (name: string, file = '') =>
    findContext(ports.kubeconfig, dependencies.kubeconfigFiles(), trusted, name, file);

  async function runnerOf({ context, file }: ContextKey): Promise<Result<Runner | null>> {
    const named = file === '' ? await find(context) : null;
    return named?.ok === false ? named : success(connections.find(context, named?.value.file ?? file));
  }

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

  /** What is open of a context, where asking through it answers this caller. */
  async function openOf(context: string, file: string): Promise<{ cluster: ClusterPort; runner: Runner } | null> {
    const runner = connections.find(context, file);
    const open = runner?.cluster() ?? null;
    if (runner === null || open === null || (await strangerTo(runner, open.execPlugin)) !== null) {
      return null;
    }
    const cluster = runner.cluster();
    return cluster === null ? null : { cluster, runner };
  }

  async function trustFound(found: Result<Context>, trustExec: boolean): Promise<Result<Context>> {
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

  async function askNew<Value>(context: Context, ask: Question<Value>): Promise<Result<Value>> {
    const { homeNamespace } = wantedFor(dependencies.settings(), context, {});
    const opened = await openToAsk(context, homeNamespace);
    if (!opened.ok) {
      return opened;
    }
    try {
      return await ask(opened.value.cluster, null);
    } finally {
      opened.value.close();
    }
  }

  return {
    find,
    trust,
    runnerOf,
    openToAsk,
    objectionOfCaller: async ({ name, file, execPlugin }) => {
      const runner = connections.active().find((one) => isSameKey(one.state().cluster, { context: name, file }));
      return runner === undefined ? null : strangerTo(runner, execPlugin);
    },
    findTrusted: async ({ context, file, trustExec }) => trustFound(await find(context, file), trustExec),
    withCluster: async ({ context, file, trustExec }, ask) => {
      // A name alone means the caller's own files: another file's context of this name may be on.
      const named = file === '' ? await find(context) : null;
      const open = named?.ok === false ? null : await openOf(context, named?.value.file ?? file);
      if (open !== null) {
        return ask(open.cluster, open.runner);
      }
      const found = await trustFound(named ?? (await find(context, file)), trustExec);
      return found.ok ? askNew(found.value, ask) : found;
    },
    withFound: async (context, ask) => {
      const open = await openOf(context.name, context.file);
      return open === null ? askNew(context, ask) : ask(open.cluster, open.runner);
    },
  };
}
