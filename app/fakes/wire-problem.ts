/** Problems as they cross the engine's link. */
import type { Problem } from '../contract/index.ts';
import type { WireProblem } from '../core/engine-messages.ts';

export function wire({ code, cause, said, facts }: Problem): WireProblem {
  return { code, cause, said, facts };
}
