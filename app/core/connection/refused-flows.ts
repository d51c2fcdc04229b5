/** What the agent refused for want of something, as warnings that go when it has refused nothing for a while. Pure. */
import { type Cause, cause, type Problem, type ProblemCode, problem } from '../../contract/index.ts';
import type { RefusedFlows } from '../engine-messages.ts';
import type { RefusalsSeen, Warnings } from './state.ts';

/** How long after the last refusal the warning stays, in milliseconds. */
const refusalsShown = 60_000;

const reasons = [
  { of: 'memory', code: 'agent-full', said: (count: number) => cause('refusedMemory', { count }) },
  { of: 'descriptors', code: 'agent-full', said: (count: number) => cause('refusedDescriptors', { count }) },
  { of: 'ports', code: 'agent-full', said: (count: number) => cause('refusedPorts', { count }) },
  { of: 'unanswered', code: 'destination-silent', said: (count: number) => cause('refusedUnanswered', { count }) },
] as const satisfies readonly { of: keyof RefusedFlows; code: ProblemCode; said: (count: number) => Cause }[];

const none: RefusedFlows = { memory: 0, descriptors: 0, ports: 0, unanswered: 0 };
export const noRefusalsSeen: RefusalsSeen = { counted: none, grewAt: none };

/** The warnings are those before where nothing of them changed, so that nothing is told anew each second. */
export function takeRefusals(
  before: RefusalsSeen,
  warnings: Warnings,
  counted: RefusedFlows,
  now: number,
): { readonly seen: RefusalsSeen; readonly warnings: Warnings } {
  const grewAt = { ...before.grewAt };
  for (const { of } of reasons) {
    if (counted[of] > before.counted[of]) {
      grewAt[of] = now;
    }
  }
  const limits = reasons
    .filter(({ of }) => grewAt[of] > 0 && now - grewAt[of] < refusalsShown)
    .map(({ of, code, said }): Problem => {
      const told = problem(code, said(counted[of]), { reason: of });
      return { ...told, severity: 'warning' };
    });
  const isSame =
    limits.length === warnings.limits.length &&
    limits.every(({ cause: text }, index) => text === warnings.limits[index]?.cause);
  return { seen: { counted, grewAt }, warnings: isSame ? warnings : { ...warnings, limits } };
}
