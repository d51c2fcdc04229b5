/** Opens the cluster that a connection wants, held to what it was switched on with. */
import type { Cause, Context, Result, Wanted } from '../../contract/index.ts';
import type { Actor } from '../clusters/callers.ts';
import type { Logins } from '../clusters/logins.ts';
import { type Confirmations, openCluster } from '../clusters/opening.ts';
import type { ClusterPort, Confirmation } from '../ports.ts';

interface Opening {
  readonly actor: Actor;
  readonly wanted: Pick<Wanted, 'homeNamespace'>;
  readonly confirmations: Confirmations;
  readonly held: Confirmation | null;
  readonly logins: Logins;
  /** Hears why the cluster waits. */
  readonly waits: (detail: Cause | null) => void;
  readonly signal: AbortSignal;
}

/** Its plugin runs after those of questions about the same context, so that no two codes are shown. */
export function openWanted(
  context: Context,
  { actor, wanted, confirmations, held, logins, waits, signal }: Opening,
): Promise<Result<ClusterPort>> {
  const waiting = { signal, waits: logins.listenTo(context, waits) };
  const open = () => openCluster(actor, context, wanted.homeNamespace, confirmations, held, waiting);
  // Whoever gives a connection up switches it off.
  return context.execPlugin === null ? open() : logins.inTurn(context, open, null);
}
