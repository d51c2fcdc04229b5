/**
 * The one way to a cluster, for connecting, reconnecting, restoring and asking alike: what is opened is what was
 * confirmed, or nothing is (docs/adr/0022-confirmed-is-used.md). A test of the layers holds that nobody else opens.
 */
import {
  type Cause,
  type Context,
  cause,
  contextChanged,
  failure,
  type Problem,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import type { ClusterPort, Confirmation, ContextRecord } from '../ports.ts';
import { type Actor, callerObjection } from './callers.ts';
import { unconfirmedPlugin } from './contexts.ts';
import { recordOf } from './records.ts';

/** What the user said to so far. */
export interface Confirmations {
  /** Digests of credential plugins that may run. */
  readonly plugins: ReadonlySet<string>;
  readonly records: readonly ContextRecord[];
}

/**
 * Why a context may not be opened as it is now; null where it may. `held` is what a connection was switched on with,
 * which binds it however it comes back. Where nothing was confirmed, naming a context is enough, but for its plugin.
 */
export function objectionTo(
  context: Context,
  { plugins, records }: Confirmations,
  held: Confirmation | null = null,
): Problem | null {
  const before = held ?? recordOf(records, context)?.confirmed ?? null;
  if (before !== null && before.digest !== context.digest) {
    return before.parts === null
      ? confirmedEarlier(context)
      : contextChanged(context.name, context.file, before.parts, context.parts);
  }
  // A name alone is not enough where it may be another file's: whoever confirmed or switched on this one meant it.
  if (before === null && (context.doubt ?? null) !== null) {
    return context.doubt ?? null;
  }
  return unconfirmedPlugin(context.name, context.execPlugin, plugins);
}

/** Ends waiting for credentials, and hears what is waited for. */
export interface Waiting {
  /** Its program ends with all that it started. */
  readonly signal?: AbortSignal;
  readonly waits?: (detail: Cause | null) => void;
}

/**
 * Opens a context's cluster and asks for credentials once. Where the whole cluster may not be seen, `namespace` is looked
 * into: the one that was chosen, which need not be the kubeconfig's. The caller closes what comes back.
 */
export async function openCluster(
  actor: Actor,
  context: Context,
  namespace: string,
  confirmations: Confirmations,
  held: Confirmation | null = null,
  { signal, waits }: Waiting = {},
): Promise<Result<ClusterPort>> {
  const objection = objectionTo(context, confirmations, held);
  if (objection !== null) {
    return failure(objection);
  }
  const other = await callerObjection(actor, context);
  if (other !== null) {
    return failure(other);
  }
  const cancelled = failure(problem('cancelled', cause('cancelledEarly')));
  const isGivenUp = () => signal?.aborted === true;
  const opened = isGivenUp() ? cancelled : await actor.kubeconfig.open(context);
  if (!opened.ok) {
    return opened;
  }
  if (isGivenUp()) {
    opened.value.close();
    return cancelled; // before its program runs
  }
  opened.value.lookInto(namespace);
  if (waits !== undefined) {
    opened.value.watchWaiting(waits);
  }
  // A login may take minutes: whoever gives up ends its program.
  const end = () => opened.value.close();
  signal?.addEventListener('abort', end, { once: true });
  const credentials = await opened.value.credentials(false);
  signal?.removeEventListener('abort', end);
  const outcome = credentials.ok && isGivenUp() ? cancelled : credentials;
  if (!outcome.ok) {
    opened.value.close();
    return outcome;
  }
  return success(opened.value);
}

function confirmedEarlier({ name, file }: Context): Problem {
  return problem('context-unconfirmed', cause('confirmedEarlier'), { context: name, file });
}
