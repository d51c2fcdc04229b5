/**
 * What the reach check says of a connection, as problems: each failed check once, with what the cluster tells about why.
 * One that comes and goes stays told until it has been well for a while, so that nobody is told of it again and again. Pure.
 */
import { cause, type Problem, problem } from '../../contract/index.ts';
import { problemFromWire, type ReachCheck } from '../engine-messages.ts';

/** A failure, and when it appeared: the times within the window, in milliseconds since the epoch. */
interface Failure {
  readonly key: string;
  readonly problem: Problem;
  readonly appearedAt: readonly number[];
  /** Null while it fails. */
  readonly goneAt: number | null;
}

/** NetworkPolicies that restrict what the agent may send, by name; what is known of them, and how far asking is. */
export type Policies = readonly string[] | 'unread' | 'asking' | 'unasked';

export interface Reach {
  /** When the engine told the last verdict, milliseconds since the epoch; null before the first. */
  readonly checkedAt: number | null;
  readonly failures: readonly Failure[];
  readonly policies: Policies;
}

export const reachUnknown: Reach = { checkedAt: null, failures: [], policies: 'unasked' };

/** A failure that appeared this often within the window flaps: it is told until it was well for the hold. Milliseconds. */
const flapWindow = 60_000;
const flapsFrom = 3;
const flapHold = 15_000;

/** What a NetworkPolicy may be the reason of. */
const policySuspects: ReadonlySet<string> = new Set([
  'agent-egress-blocked',
  'agent-node-cut-off',
  'cluster-dns-silent',
  'pods-unreachable',
  'services-unreachable',
]);

/** Takes a verdict. `facts` are what only the core knows: context, namespace of the agent. */
export function takeVerdict(
  known: Reach,
  checks: readonly ReachCheck[],
  facts: Readonly<Record<string, string>>,
  now: number,
): Reach {
  const failing = new Map<string, Problem>();
  for (const check of checks) {
    if (check.state === 'failed') {
      const told = problemOfFailed(check, facts);
      failing.set([told.code, told.facts.prefix ?? ''].join(' '), told);
    }
  }
  const before = new Map(known.failures.map((failure) => [failure.key, failure]));
  const present = [...failing].map(([key, told]): Failure => {
    const earlier = before.get(key);
    const appearedAt = earlier?.goneAt === null ? earlier.appearedAt : [...recent(earlier?.appearedAt ?? [], now), now];
    return { key, problem: told, appearedAt, goneAt: null };
  });
  const gone = known.failures
    .filter(({ key }) => !failing.has(key))
    .map((failure): Failure => ({ ...failure, goneAt: failure.goneAt ?? now }))
    .filter((failure) => isHeld(failure, now) || recent(failure.appearedAt, now).length > 0);
  return { ...known, checkedAt: now, failures: [...present, ...gone] };
}

/** Why a check failed, as the engine says it or by what was not reached. */
export function problemOfFailed(
  { subject, problem: because }: ReachCheck,
  facts: Readonly<Record<string, string>>,
): Problem {
  return because ? problemFromWire(because, facts) : problem('tunnel-silent', cause('unreached', { subject }), facts);
}

/** What is told now. */
export function reachProblems({ failures, policies }: Reach, now: number): Problem[] {
  return failures
    .filter((failure) => failure.goneAt === null || isHeld(failure, now))
    .map(({ problem: told }) => (policySuspects.has(told.code) ? withPolicies(told, policies) : told));
}

/** When to look again although no verdict came; null: not needed. */
export function reachLookAt({ failures }: Reach, now: number): number | null {
  const ends = failures.filter((failure) => isHeld(failure, now)).map(({ goneAt }) => (goneAt ?? now) + flapHold);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Something fails that a NetworkPolicy may be the reason of. */
export function isPolicySuspected({ failures }: Reach): boolean {
  return failures.some(({ goneAt, problem: told }) => goneAt === null && policySuspects.has(told.code));
}

function isHeld({ appearedAt, goneAt }: Failure, now: number): boolean {
  return goneAt !== null && recent(appearedAt, goneAt).length >= flapsFrom && now < goneAt + flapHold;
}

function recent(times: readonly number[], now: number): readonly number[] {
  return times.filter((time) => now - time < flapWindow);
}

/** The reason, and what the cluster's policies say to it. */
function withPolicies(told: Problem, policies: Policies): Problem {
  if (policies === 'unasked' || policies === 'asking') {
    return told;
  }
  const reason = told.said ?? told.cause;
  const because =
    policies === 'unread'
      ? cause('policiesUnread', { reason })
      : policies.length === 0
        ? cause('policiesNone', { reason })
        : cause('policiesSelect', { reason, policies: policies.join(', ') });
  return problem(told.code as Parameters<typeof problem>[0], because, told.facts);
}
