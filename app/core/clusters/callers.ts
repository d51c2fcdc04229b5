/**
 * Nobody acts as somebody else: a plugin logs in as what its environment says, so a connection, and what is asked
 * through it, belongs to the caller that switched it on. Pure but for the port that compares.
 */
import { cause, type ExecPlugin, type Problem, problem } from '../../contract/index.ts';
import type { CallerMark, KubeconfigPort } from '../ports.ts';

/** On whose behalf kubeconfigs are read and plugins run. */
export interface Actor {
  readonly kubeconfig: KubeconfigPort;
  /** Who switched the connection on; null where that is not known, and then it is whoever asks. */
  readonly mark: CallerMark | null;
}

export function anybody(kubeconfig: KubeconfigPort): Actor {
  return { kubeconfig, mark: null };
}

/** `mark` is the connection's caller; null is anybody. Without a plugin the files say who one is, whoever asks. */
export async function callerObjection(
  { kubeconfig, mark }: Actor,
  { name, execPlugin }: { readonly name: string; readonly execPlugin: ExecPlugin | null },
): Promise<Problem | null> {
  if (mark === null || execPlugin === null) {
    return null;
  }
  const names = await kubeconfig.differencesFrom(mark);
  return names.length === 0
    ? null
    : problem('caller-changed', cause('callerVariables', { names: names.join(', ') }), { context: name });
}
